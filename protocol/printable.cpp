// SPDX-License-Identifier: MIT
#include "protocol/printable.hpp"

#include <cstddef>

namespace solo::protocol {

namespace {

struct Character {
    char32_t code = 0;
    std::size_t length = 0; ///< in bytes; 0 where no valid UTF-8 stands
};

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// How many bytes a character has whose first byte this is; 0 where none begins so.
std::size_t length_by_first(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

/// The first character of a text that is not empty (RFC 3629: no overlong forms, no surrogates).
Character first_character(std::string_view text) {
    static constexpr unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    static constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = length_by_first(first);
    if (length == 0 || length > text.size())
        return {};
    auto code = static_cast<char32_t>(first & masks[length]);
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i]))
            return {};
        code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < least[length] || is_surrogate || code > 0x10FFFF)
        return {};
    return {code, length};
}

/// Characters that do something to the place where they are shown instead of being seen there.
bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F)         // C0, DEL, C1
           || code == 0x061C || code == 0x200E || code == 0x200F // direction marks
           || (code >= 0x2028 && code <= 0x202E)                 // separators, embeddings, overrides
           || (code >= 0x2066 && code <= 0x2069);                // isolates
}

void append_escaped(std::string& out, std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.append("\\x").push_back(digits[byte >> 4U]);
        out.push_back(digits[byte & 0x0FU]);
    }
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        const auto bytes = text.substr(0, character.length == 0 ? 1 : character.length);
        if (character.length == 0 || is_control(character.code)) {
            append_escaped(out, bytes);
        } else {
            out.append(bytes);
        }
        text.remove_prefix(bytes.size());
    }
    return out;
}

std::string_view truncated(std::string_view text, std::size_t limit) {
    if (text.size() <= limit)
        return text;
    while (limit > 0 && is_continuation(text[limit]))
        --limit;
    return text.substr(0, limit);
}

} // namespace solo::protocol
