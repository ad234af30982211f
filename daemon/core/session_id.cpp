// SPDX-License-Identifier: MIT
#include "daemon/core/session_id.hpp"

#include <algorithm>

#include <uuid/uuid.h>

namespace solo {

std::string SessionId::text() const {
    std::string text(UUID_STR_LEN, '\0');
    uuid_unparse_lower(bytes.data(), text.data());
    text.pop_back(); // the NUL that uuid_unparse_lower writes
    return text;
}

// RFC 9562, section 5.7: it begins with the time in milliseconds, 48 bits.
SessionId SessionId::first_of(std::int64_t time) {
    const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time, 0) / 1000);
    SessionId id;
    for (std::size_t i = 0; i < 6; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    return id;
}

std::optional<SessionId> SessionId::parse(std::string_view text) {
    SessionId id;
    if (uuid_parse_range(text.data(), text.data() + text.size(), id.bytes.data()) != 0)
        return std::nullopt;
    return id;
}

} // namespace solo
