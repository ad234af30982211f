// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace solo::pam {

/// What the module's line in /etc/pam.d says after its name.
struct Options {
    std::string socket = "/run/solo/login.sock";
    std::chrono::seconds timeout{10}; ///< bounds the whole call
    bool allow_unavailable = false;   ///< on_unavailable=allow
    std::string break_glass;          ///< the group that no failure denies; empty: none
    bool debug = false;

    /// The arguments that are unknown or malformed. They leave the default, which is never the looser choice.
    std::vector<std::string> mistakes;
};

Options parse_options(std::span<const char* const> arguments);

} // namespace solo::pam
