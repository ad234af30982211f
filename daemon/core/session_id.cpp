// SPDX-License-Identifier: MIT
#include "daemon/core/session_id.hpp"

#include <uuid/uuid.h>

namespace solo {

std::string SessionId::text() const {
    std::string text(UUID_STR_LEN, '\0');
    uuid_unparse_lower(bytes.data(), text.data());
    text.pop_back(); // the NUL that uuid_unparse_lower writes
    return text;
}

std::optional<SessionId> SessionId::parse(std::string_view text) {
    SessionId id;
    if (uuid_parse_range(text.data(), text.data() + text.size(), id.bytes.data()) != 0)
        return std::nullopt;
    return id;
}

} // namespace solo
