// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solo::protocol {

/// Foreign text made safe for a log, a terminal or a table: valid UTF-8 on one line, with nothing in it that
/// moves the cursor, changes the terminal or turns the reading direction. Control characters (C0, DEL, C1),
/// line separators, bidirectional controls and bytes that are no UTF-8 become \xNN, byte by byte. Text that
/// needs no escaping comes back as it is; so a text is clean exactly where printable(text) == text.
std::string printable(std::string_view text);

/// At most `limit` bytes of valid UTF-8 text, never ending within a character.
std::string_view truncated(std::string_view text, std::size_t limit);

} // namespace solo::protocol
