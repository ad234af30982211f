// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

#include <pthread.h>

namespace solo {

/// Blocks all signals in this thread, and so in those that it starts, for as long as it lives: they are for
/// the event loop.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

} // namespace solo
