// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace solo {

/// Microseconds since the Unix epoch. For display and ids only: nothing is decided by it.
inline std::int64_t wall_time() {
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace solo
