// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/pam/service_file.hpp"

#include <map>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo::ctl {

/// The files that a service includes, and those that they include, each by the name that is written there.
using Included = std::map<std::string, ServiceFile, std::less<>>;

/// What libpam runs in one phase at one place of the stack: a module, or a substack, which counts as one when
/// a control jumps.
struct Step {
    std::size_t own = 0; ///< index of the line in the service's own file that it stands in or comes through
    bool is_own = false; ///< it stands there itself
    PamLine line;
    std::string place;       ///< "/etc/pam.d/common-session:31"
    std::string through;     ///< which file's inclusion brought it in; empty for an own one
    std::vector<Step> inner; ///< of a substack

    /// Its module is this one, or one of a substack's is.
    [[nodiscard]] bool runs(std::string_view module) const;

    /// Its success may be the last word: what stands below does not run then.
    [[nodiscard]] bool may_end() const;

    /// How many steps its control may jump over; 0 where it never does.
    [[nodiscard]] std::size_t longest_jump() const;
};

/// The steps of a phase in order. The error says which line or file is not understood.
tl::expected<std::vector<Step>, std::string> stack_of(const ServiceFile& service, PamType type,
                                                      const Included& included);

} // namespace solo::ctl
