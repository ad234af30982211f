// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"

#include <cstdint>

namespace solo {

/// A fresh id: a version 7 UUID of this time (microseconds since the Unix epoch) and the kernel's random
/// bits.
SessionId new_session_id(std::int64_t now);

} // namespace solo
