// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace solo::protocol {

using Json = nlohmann::json;

/// How deep objects and arrays may nest: the deepest message (the reply of Metrics) needs 5.
inline constexpr std::size_t max_depth = 16;

/// Parses one JSON text. Nothing where it is not valid JSON (RFC 8259, UTF-8), nests deeper than max_depth,
/// or has a number that no double holds. Never throws but for lack of memory.
std::optional<Json> parse_json(std::string_view text);

/// The text of a value. Bytes that are not UTF-8 become U+FFFD, so that a login program's word can always be
/// said.
std::string to_text(const Json& value);

/// Appends a string in quotes. Bytes that are not UTF-8 become U+FFFD here, too.
void append_string(std::string& out, std::string_view text);

} // namespace solo::protocol
