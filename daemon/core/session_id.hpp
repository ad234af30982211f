// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace solo {

/// Names a session: a UUID of version 7 (RFC 9562), so that ids sort by the time they were made.
struct SessionId {
    std::array<std::uint8_t, 16> bytes{};

    /// 36 characters in lower case.
    [[nodiscard]] std::string text() const;

    /// The least id that is made at this time (microseconds since the Unix epoch) or later, to within a
    /// millisecond.
    static SessionId first_of(std::int64_t time);

    /// Nothing where the text is no UUID.
    static std::optional<SessionId> parse(std::string_view text);

    friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

} // namespace solo

template<>
struct std::hash<solo::SessionId> {
    std::size_t operator()(const solo::SessionId& id) const noexcept {
        std::size_t random_half = 0; // the last 62 bits of a version 7 UUID are random
        std::memcpy(&random_half, id.bytes.data() + 8, sizeof random_half);
        return random_half;
    }
};
