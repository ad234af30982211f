// SPDX-License-Identifier: MIT
#include "ctl/text_width.hpp"

#include <algorithm>
#include <bit>

#include <wchar.h>

namespace solo::ctl {

namespace {

/// The bytes of the first character of a text that is not empty.
std::string_view first_character(std::string_view text) {
    const auto leading_ones = std::countl_one(static_cast<unsigned char>(text.front()));
    return text.substr(0, std::max(leading_ones, 1));
}

std::size_t character_width(std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    auto code = static_cast<wchar_t>(character.size() == 1 ? first : first & (0x7FU >> character.size()));
    for (const char byte : character.substr(1))
        code = static_cast<wchar_t>((code << 6) | (static_cast<unsigned char>(byte) & 0x3F));
    const int width = ::wcwidth(code); // -1 for what the locale does not know: most of all in C
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

/// The longest beginning that takes at most `width` places.
std::string_view beginning(std::string_view text, std::size_t width) {
    std::size_t bytes = 0;
    while (bytes < text.size()) {
        const auto character = first_character(text.substr(bytes));
        const auto needed = character_width(character);
        if (needed > width)
            break;
        width -= needed;
        bytes += character.size();
    }
    return text.substr(0, bytes);
}

} // namespace

std::size_t text_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const auto character = first_character(text);
        width += character_width(character);
        text.remove_prefix(character.size());
    }
    return width;
}

std::string fitted(std::string_view text, std::size_t width) {
    std::string out{text};
    if (width > 0 && text_width(text) > width)
        out = std::string{beginning(text, width - 1)} + "…";
    out.append(width - std::min(width, text_width(out)), ' ');
    return out;
}

} // namespace solo::ctl
