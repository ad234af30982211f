// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace solo {

/// struct sched_attr in its first version (sched_setattr(2)). glibc has it since 2.41, and the kernel's
/// header (linux/sched/types.h) does not go together with glibc's.
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0; ///< nanoseconds; of SCHED_OTHER the time slice
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};

/// Asks the kernel for short turns on the processor, so that a program that solod has answered, or that it
/// waits beside, goes on after 100 µs instead of some milliseconds: solod may go on telling a long list. It
/// gets its own turns sooner for that, and no more time in all. For this thread and those that it makes.
///
/// Linux 6.12 (sched_setattr(2), sched_runtime of SCHED_OTHER); older kernels take no notice.
void ask_for_short_time_slices();

} // namespace solo
