// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

namespace solo::pam {

/// While it lives, the calling thread cannot be cancelled (pthread_cancel(3)); afterwards it can as before.
/// Cancelling unwinds the stack with the host's libgcc_s, which aborts the program when it comes to frames
/// that belong to the copy in this module.
class Uncancelled {
public:
    Uncancelled() { (void)::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
    Uncancelled(const Uncancelled&) = delete;
    Uncancelled& operator=(const Uncancelled&) = delete;
    ~Uncancelled() { (void)::pthread_setcancelstate(before_, nullptr); }

private:
    int before_ = PTHREAD_CANCEL_ENABLE;
};

} // namespace solo::pam
