// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/exit_status.hpp"

#include <stdexcept>
#include <string>

namespace solo::ctl {

/// Why a command cannot go on. main prints it after "soloctl: " and exits with its status. The text says
/// what, where and what to do, and is safe to show.
class Problem : public std::runtime_error {
public:
    Problem(ExitStatus status, const std::string& text) : std::runtime_error{text}, status_{status} {}

    [[nodiscard]] ExitStatus status() const { return status_; }

private:
    ExitStatus status_;
};

} // namespace solo::ctl
