// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace solo::ctl {

/// A time of the protocol (microseconds since the Unix epoch) as "2026-11-21 14:02:11", in the local zone.
std::string local_time(std::int64_t microseconds);

/// The same, short: only "14:02:11" for a time of today.
std::string short_local_time(std::int64_t microseconds);

} // namespace solo::ctl
