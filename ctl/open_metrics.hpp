// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace solo::ctl {

/// What the OpenMetrics text says of a family before its samples.
struct MetricFamily {
    std::string_view name;
    std::string_view type; ///< counter, gauge or histogram: node_exporter's parser knows no newer ones
    std::string_view help;
    std::string_view unit = {};
};

/// Label names and values; a value may be any text.
using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

/// Text as OpenMetrics 1.0 has it (https://openmetrics.io/, exposition format): also what Prometheus's older
/// text format takes.
class OpenMetrics {
public:
    /// Begins a family; the samples that follow are of it.
    void family(const MetricFamily& family);

    /// One line. `suffix` is what the type wants after the family's name ("_total").
    void sample(std::string_view suffix, const MetricLabels& labels, std::string_view value);

    /// All of it.
    [[nodiscard]] std::string text() const { return text_ + "# EOF\n"; }

private:
    std::string name_;
    std::string text_;
};

} // namespace solo::ctl
