// SPDX-License-Identifier: MIT
#include "daemon/new_session_id.hpp"

#include <algorithm>
#include <iterator>

#include <sys/random.h>
#include <uuid/uuid.h>

namespace solo {

// libuuid makes version 7 itself only from util-linux 2.41 on; the layout is RFC 9562, section 5.7, with the
// microseconds within the millisecond as rand_a (section 6.2, method 3), so that ids of one millisecond sort
// too.
SessionId new_session_id(std::int64_t now) {
    SessionId id;
    // libuuid makes five more system calls and seeds a generator of its own for as many bytes.
    if (::getrandom(id.bytes.data(), id.bytes.size(), 0) != std::ssize(id.bytes))
        uuid_generate_random(id.bytes.data());
    std::copy_n(SessionId::first_of(now).bytes.begin(), 6, id.bytes.begin());
    const auto fraction = static_cast<std::uint32_t>(now % 1000 * 4096 / 1000);
    id.bytes[6] = static_cast<std::uint8_t>(0x70U | fraction >> 8U);
    id.bytes[7] = static_cast<std::uint8_t>(fraction);
    return id;
}

} // namespace solo
