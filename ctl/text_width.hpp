// SPDX-License-Identifier: MIT
// Places on a terminal instead of bytes. All texts are printable (protocol/printable.hpp): valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solo::ctl {

/// How many places a text takes on a terminal: two for a wide character, none for one that combines.
std::size_t text_width(std::string_view text);

/// The text in exactly `width` places: filled up with spaces, or cut with "…" as its last character.
std::string fitted(std::string_view text, std::size_t width);

} // namespace solo::ctl
