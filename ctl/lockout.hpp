// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/options.hpp"

#include <string>
#include <vector>

namespace solo::ctl {

/// Makes sure that with pam_solo in these services root gets in, and everybody else as configured: the module
/// can be loaded, solod answers on both sockets, root is exempt. Throws Problem where that is not so.
void require_no_lockout(const Options& options, const std::vector<std::string>& services);

} // namespace solo::ctl
