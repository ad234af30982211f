// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/now.hpp"

#include <chrono>
#include <cstdint>

#include <time.h>

namespace solo {

/// Microseconds since the Unix epoch. For display and ids only: nothing is decided by it.
inline std::int64_t wall_time() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

/// Microseconds of CLOCK_BOOTTIME (clock_gettime(2)).
inline std::int64_t boot_time() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * std::int64_t{1'000'000} + time.tv_nsec / 1'000;
}

inline Now now() {
    return {.wall = wall_time(), .boot = boot_time()};
}

/// A time of CLOCK_BOOTTIME as people say it now: microseconds since the Unix epoch.
inline std::int64_t on_the_wall(std::int64_t boot) {
    const Now current = now();
    return current.wall + (boot - current.boot);
}

} // namespace solo
