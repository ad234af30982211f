// SPDX-License-Identifier: MIT
#include "daemon/config_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <sstream>

namespace solo {

namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};

/// Largest first: a time is shown in the largest unit that it is a whole number of.
constexpr std::array units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"min", 60'000}, Unit{"s", 1'000},
                           Unit{"ms", 1}};

constexpr int max_count = 10'000;
constexpr milliseconds max_time = std::chrono::hours{24 * 366 * 100};

} // namespace

bool parse_value(std::string_view text, bool& value) {
    constexpr std::array yes{"yes", "true", "on", "1"};
    constexpr std::array no{"no", "false", "off", "0"};
    value = std::ranges::find(yes, text) != yes.end();
    return value || std::ranges::find(no, text) != no.end();
}

bool parse_value(std::string_view text, int& value) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && value >= 1 && value <= max_count;
}

bool parse_value(std::string_view text, milliseconds& value) {
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    std::string_view name{stop, static_cast<std::size_t>(end - stop)};
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    const auto unit = std::ranges::find(units, name.empty() ? "s" : name, &Unit::name);
    if (error != std::errc{} || count < 0 || unit == units.end() ||
        count > max_time.count() / unit->milliseconds)
        return false;
    value = milliseconds{count * unit->milliseconds};
    return true;
}

bool parse_value(std::string_view text, std::optional<milliseconds>& value) {
    value.reset();
    if (text == "infinity")
        return true;
    milliseconds time{};
    if (!parse_value(text, time) || time == milliseconds::zero())
        return false;
    value = time;
    return true;
}

bool parse_value(std::string_view text, std::string& value) {
    value = text;
    return true;
}

bool parse_value(std::string_view text, std::set<std::string>& value) {
    std::istringstream words{std::string{text}};
    value.clear();
    for (std::string word; words >> word;)
        value.insert(word);
    return true;
}

std::string expected_value(const bool& /*value*/) {
    return "yes or no";
}

std::string expected_value(const int& /*value*/) {
    return "a whole number from 1 to 10000";
}

std::string expected_value(const milliseconds& /*value*/) {
    return "a time such as 500ms, 5s, 1min, 2h or 90d";
}

std::string expected_value(const std::optional<milliseconds>& /*value*/) {
    return "a time such as 90s, 10min, 8h or 7d, or infinity";
}

std::string expected_value(const std::string& /*value*/) {
    return "a text";
}

std::string expected_value(const std::set<std::string>& /*value*/) {
    return "names with blanks between them";
}

std::string show_value(bool value) {
    return value ? "yes" : "no";
}

std::string show_value(int value) {
    return std::to_string(value);
}

std::string show_value(milliseconds value) {
    if (value == milliseconds::zero())
        return "0s";
    const auto divides = [&](const Unit& unit) { return value.count() % unit.milliseconds == 0; };
    const Unit& unit = *std::ranges::find_if(units, divides);
    return std::to_string(value.count() / unit.milliseconds).append(unit.name);
}

std::string show_value(std::optional<milliseconds> value) {
    return value ? show_value(*value) : "infinity";
}

std::string show_value(const std::string& value) {
    return value;
}

std::string show_value(const std::set<std::string>& value) {
    std::string text;
    for (const std::string& name : value)
        text.append(text.empty() ? "" : " ").append(name);
    return text;
}

} // namespace solo
