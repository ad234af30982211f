// SPDX-License-Identifier: MIT
#include "daemon/new_session_id.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include <sys/random.h>

namespace solo {

// libuuid makes version 7 itself only from util-linux 2.41 on, and asks for the process's ids each time to
// seed a fallback. The layout is RFC 9562, section 5.7, with the microseconds within the millisecond as
// rand_a (section 6.2, method 3), so that ids of one millisecond sort too.
SessionId new_session_id(std::int64_t now) {
    SessionId id;
    if (::getrandom(id.bytes.data(), id.bytes.size(), 0) != std::ssize(id.bytes))
        throw std::system_error{errno, std::generic_category(), "getrandom"};
    std::copy_n(SessionId::first_of(now).bytes.begin(), 6, id.bytes.begin());
    const auto fraction = static_cast<std::uint32_t>(now % 1000 * 4096 / 1000);
    id.bytes[6] = static_cast<std::uint8_t>(0x70U | fraction >> 8U);
    id.bytes[7] = static_cast<std::uint8_t>(fraction);
    id.bytes[8] = static_cast<std::uint8_t>(0x80U | (id.bytes[8] & 0x3fU)); // the variant
    return id;
}

} // namespace solo
