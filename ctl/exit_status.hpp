// SPDX-License-Identifier: MIT
#pragma once

namespace solo::ctl {

/// What scripts rely on (soloctl(1), EXIT STATUS).
enum ExitStatus : int {
    exit_yes = 0,         ///< yes, or done
    exit_no = 1,          ///< no, or failed
    exit_usage = 2,       ///< the command line is wrong
    exit_unreachable = 3, ///< solod could not be asked, or gave no usable answer
};

} // namespace solo::ctl
