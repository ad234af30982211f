// SPDX-License-Identifier: MIT
#include "protocol/json.hpp"

#include <algorithm>

namespace solo::protocol {

namespace {

/// Whether brackets outside strings nest at most max_depth deep. It need not know more of JSON: the parser
/// does.
bool is_shallow(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth)
                return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return true;
}

/// Whether JSON has it as it is.
bool is_plain(char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

} // namespace

std::optional<Json> parse_json(std::string_view text) {
    if (!is_shallow(text))
        return std::nullopt;
    Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded())
        return std::nullopt;
    return value;
}

std::string to_text(const Json& value) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

void append_string(std::string& out, std::string_view text) {
    if (std::ranges::all_of(text, is_plain))
        out.append(1, '"').append(text).append(1, '"');
    else
        out += to_text(Json(text));
}

} // namespace solo::protocol
