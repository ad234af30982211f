// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace solo::ctl {

struct ChildResult {
    std::string output;         ///< its standard output
    bool has_succeeded = false; ///< its exit status was 0
};

/// Runs a program, without a shell, until it is over. arguments[0] is its path; its standard input and error
/// are this process's. Throws where it cannot be run or is ended by a signal.
ChildResult run_child(const std::vector<std::string>& arguments);

} // namespace solo::ctl
