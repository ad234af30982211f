// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace solo {

/// The time of an event by two clocks.
struct Now {
    std::int64_t wall = 0; ///< microseconds since the Unix epoch: for the record, nothing is decided by it
    /// Microseconds of CLOCK_BOOTTIME, which never jumps and runs on in suspend: decides.
    std::int64_t boot = 0;
};

} // namespace solo
