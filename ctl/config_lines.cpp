// SPDX-License-Identifier: MIT
#include "ctl/config_lines.hpp"

#include "ctl/text_width.hpp"
#include "protocol/printable.hpp"

#include <algorithm>

namespace solo::ctl {

using protocol::printable;

namespace {

/// Settings are aligned with each other up to this width; a longer one (IgnoreServices) stands out alone.
constexpr std::size_t most_aligned = 40;

std::string setting(const ConfigValue& value) {
    return printable(value.key) + "=" + printable(value.value);
}

} // namespace

std::optional<ConfigValue> parse_config_line(std::string_view line) {
    constexpr auto none = std::string_view::npos;
    const auto section_end = line.find("] ");
    const auto source = line.rfind('\t');
    if (!line.starts_with('[') || section_end == none || source == none)
        return std::nullopt;
    const auto key = section_end + 2;
    const auto equals = line.find('=', key);
    if (equals == none || equals > source)
        return std::nullopt;
    return ConfigValue{.section = std::string{line.substr(1, section_end - 1)},
                       .key = std::string{line.substr(key, equals - key)},
                       .value = std::string{line.substr(equals + 1, source - equals - 1)},
                       .source = std::string{line.substr(source + 1)}};
}

std::string config_text(const std::vector<ConfigValue>& values) {
    std::size_t width = 0;
    for (const auto& value : values) {
        if (const auto needed = text_width(setting(value)); needed <= most_aligned)
            width = std::max(width, needed);
    }
    std::string text;
    const std::string* section = nullptr;
    for (const auto& value : values) {
        if (section == nullptr || *section != value.section)
            text += std::string{section == nullptr ? "" : "\n"} + "[" + printable(value.section) + "]\n";
        section = &value.section;
        text += fitted(setting(value), std::max(width, text_width(setting(value)))) + "  # " +
                printable(value.source) + '\n';
    }
    return text;
}

} // namespace solo::ctl
