// SPDX-License-Identifier: MIT
#include "daemon/time_slice.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace solo {

namespace {

/// In nanoseconds, the least that Linux grants (kernel/sched/syscalls.c, __setparam_fair).
constexpr std::uint64_t time_slice = 100'000;

} // namespace

void ask_for_short_time_slices() {
    SchedulingAttributes wish;
    wish.policy = SCHED_OTHER;
    wish.nice = ::getpriority(PRIO_PROCESS, 0); // as it is
    wish.runtime = time_slice;
    (void)::syscall(SYS_sched_setattr, 0, &wish, 0); // it does without
}

} // namespace solo
