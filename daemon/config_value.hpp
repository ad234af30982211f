// SPDX-License-Identifier: MIT
// The values of the configuration as text: how each type is written, read and shown.
#pragma once

#include "protocol/fields.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace solo {

/// What a power cut may cost of the history: its last second, or nothing (SQLite's synchronous).
enum class Durability : std::uint8_t { interval, commit };

constexpr auto enum_names(Durability /*unused*/) {
    return std::to_array<std::string_view>({"interval", "commit"});
}

/// parse_value reads the text into value; false where it is none of that type. expected_value() says what
/// would be.
bool parse_value(std::string_view text, bool& value);
bool parse_value(std::string_view text, int& value);
bool parse_value(std::string_view text, std::chrono::milliseconds& value);
bool parse_value(std::string_view text, std::optional<std::chrono::milliseconds>& value);
bool parse_value(std::string_view text, std::string& value);
bool parse_value(std::string_view text, std::set<std::string>& value);

std::string expected_value(const bool& value);
std::string expected_value(const int& value);
std::string expected_value(const std::chrono::milliseconds& value);
std::string expected_value(const std::optional<std::chrono::milliseconds>& value);
std::string expected_value(const std::string& value);
std::string expected_value(const std::set<std::string>& value);

std::string show_value(bool value);
std::string show_value(int value);
std::string show_value(std::chrono::milliseconds value);
std::string show_value(std::optional<std::chrono::milliseconds> value);
std::string show_value(const std::string& value);
std::string show_value(const std::set<std::string>& value);

template<protocol::WireEnum T>
bool parse_value(std::string_view text, T& value) {
    const auto named = protocol::value_of<T>(text);
    value = named.value_or(value);
    return named.has_value();
}

template<protocol::WireEnum T>
std::string expected_value(const T& /*value*/) {
    std::string names;
    for (const std::string_view name : enum_names(T{}))
        names.append(names.empty() ? "" : " or ").append(name);
    return names;
}

template<protocol::WireEnum T>
std::string show_value(T value) {
    return std::string{protocol::name_of(value)};
}

} // namespace solo
