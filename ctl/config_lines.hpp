// SPDX-License-Identifier: MIT
// What `solod --check-config` prints: lines of the form
//
//     [Section] Key=value<TAB>/path/of/file:LINE
//
// or <TAB>(default) for a value that is built in.
#pragma once

#include "protocol/fields.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solo::ctl {

struct ConfigValue {
    std::string section;
    std::string key;
    std::string value;
    std::string source;

    static constexpr auto fields() {
        using protocol::field;
        return std::tuple{field("section", &ConfigValue::section), field("key", &ConfigValue::key),
                          field("value", &ConfigValue::value), field("source", &ConfigValue::source)};
    }
};

/// Reads one line without its end; nothing where it is not of that form.
std::optional<ConfigValue> parse_config_line(std::string_view line);

/// The values as a person reads them: a paragraph a section, aligned.
std::string config_text(const std::vector<ConfigValue>& values);

} // namespace solo::ctl
