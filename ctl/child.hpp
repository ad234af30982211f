// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace solo::ctl {

struct ChildResult {
    std::string output;         ///< its standard output
    bool has_succeeded = false; ///< its exit status was 0
};

/// Whether what a child says on standard error goes where this process's does, or into its output.
enum class Errors { shown, taken };

/// Runs a program, without a shell, until it is over. arguments[0] is its path; its standard input is this
/// process's. Throws where it cannot be run or is ended by a signal.
ChildResult run_child(const std::vector<std::string>& arguments, Errors errors = Errors::shown);

} // namespace solo::ctl
