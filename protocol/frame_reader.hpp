// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace solo::protocol {

/// Limits on one message's bytes, its NUL included. A login carries all groups of its account (NGROUPS_MAX is
/// 65 536, limits.h), so login.sock takes more than sessions.sock, to which anybody may write.
inline constexpr std::size_t max_login_message = std::size_t{1} << 20;
inline constexpr std::size_t max_sessions_message = std::size_t{64} << 10;

/// Cuts a stream of bytes into NUL-terminated messages.
///
/// Read into space(), tell received(), then take messages with next() until there is none. Memory grows with
/// the message that is arriving, up to the limit, and is given back when it has been taken.
class FrameReader {
public:
    explicit FrameReader(std::size_t limit) : limit_{limit} {}

    /// Room for the next bytes; valid until the next call of any member. Empty where over_limit().
    std::span<char> space();

    /// The first `count` bytes of the last space() are filled.
    void received(std::size_t count);

    /// The next whole message without its NUL; valid until the next call of space().
    std::optional<std::string_view> next();

    /// Whether the message that is arriving has reached the limit without its NUL. Nothing more can be read.
    [[nodiscard]] bool over_limit() const { return end_ - begin_ >= limit_ && scanned_ == end_; }

    /// Whether the beginning of a message is there whose end is not.
    [[nodiscard]] bool has_partial() const { return end_ > begin_; }

private:
    std::vector<char> buffer_;
    std::size_t limit_;
    std::size_t begin_ = 0;   ///< first byte not yet taken
    std::size_t scanned_ = 0; ///< no NUL stands in [begin_, scanned_)
    std::size_t end_ = 0;     ///< one past the last byte received
};

} // namespace solo::protocol
