// SPDX-License-Identifier: MIT
#include "ctl/open_metrics.hpp"

#include "protocol/printable.hpp"

#include <fmt/format.h>

namespace solo::ctl {

namespace {

/// Foreign text is made printable first, so that it can do nothing to a terminal; a line break cannot be
/// left.
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : protocol::printable(value)) {
        if (c == '\\' || c == '"')
            text.push_back('\\');
        text.push_back(c);
    }
    return text;
}

std::string label_text(const MetricLabels& labels) {
    std::string text;
    for (const auto& [name, value] : labels)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "{" : ",", name, escaped(value));
    return text.empty() ? text : text + "}";
}

} // namespace

void OpenMetrics::family(const MetricFamily& family) {
    name_ = family.name;
    text_ += fmt::format("# TYPE {} {}\n", family.name, family.type);
    if (!family.unit.empty())
        text_ += fmt::format("# UNIT {} {}\n", family.name, family.unit);
    text_ += fmt::format("# HELP {} {}\n", family.name, family.help);
}

void OpenMetrics::sample(std::string_view suffix, const MetricLabels& labels, std::string_view value) {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, label_text(labels), value);
}

} // namespace solo::ctl
