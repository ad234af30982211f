// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace solo::ctl {

/// Texts that are kept until they can be printed, however many: solod does not wait for a reader of soloctl's
/// output who takes a rest (a pager). From a few hundred kilobytes on they are in a file without a name, in
/// $TMPDIR or else /var/tmp. Throws Problem where that fails.
class Spool {
public:
    void add(std::string_view text);

    /// Gives all of them to `take`, in their order.
    void for_each(const std::function<void(std::string_view)>& take);

    [[nodiscard]] bool is_empty() const { return recent_.empty() && !file_; }

private:
    void write_out();

    std::string recent_; ///< the last ones, each behind its length
    protocol::UniqueFd file_;
};

} // namespace solo::ctl
