// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace solo::ctl {

/// What stands before the command and holds for all of them.
struct Options {
    std::string socket = "/run/solo/sessions.sock";
    bool json = false;
};

} // namespace solo::ctl
