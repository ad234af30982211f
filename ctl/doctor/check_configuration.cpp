// SPDX-License-Identifier: MIT
#include "ctl/config_lines.hpp"
#include "ctl/doctor/checks.hpp"

#include <sstream>

namespace solo::ctl {

Findings check_configuration(bool is_right, const std::string& output) {
    Findings findings;
    std::vector<ConfigValue> values;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        if (auto value = parse_config_line(line)) {
            values.push_back(*std::move(value));
        } else {
            findings.push_back(finding(is_right ? Level::warning : Level::wrong, line, {},
                                       "change it there until solod --check-config is content, then "
                                       "systemctl reload-or-restart solod"));
        }
    }
    if (!is_right && findings.empty())
        findings.push_back(finding(Level::wrong, "solod --check-config fails without a word"));
    if (findings.empty())
        findings.push_back(finding(Level::ok, "the configuration is right"));
    for (const auto& value : values) {
        if (value.key == "Enforce" && value.value == "no")
            findings.push_back(finding(
                Level::note, "[" + value.section + "] Enforce=no: a trial run, nobody is refused by it",
                value.source));
    }
    return findings;
}

} // namespace solo::ctl
