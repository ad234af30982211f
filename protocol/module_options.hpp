// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace solo::protocol {

/// What the module's line in /etc/pam.d says after its name. soloctl doctor reads it as the module does.
struct ModuleOptions {
    std::string socket = "/run/solo/login.sock";
    std::chrono::seconds timeout{10}; ///< bounds the whole call
    bool allow_unavailable = false;   ///< on_unavailable=allow
    std::string break_glass;          ///< the group that no failure denies; empty: none
    bool debug = false;

    /// The arguments that are unknown or malformed. They leave the default, which is never the looser choice.
    std::vector<std::string> mistakes;
};

ModuleOptions parse_module_options(std::span<const char* const> arguments);

} // namespace solo::protocol
