// SPDX-License-Identifier: MIT
#include "ctl/pam/unified_diff.hpp"

#include "ctl/pam/lines.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

constexpr std::size_t context = 3;

/// A line of the comparison: kept (' '), taken out ('-') or put in ('+').
struct Change {
    char sign = ' ';
    std::string_view line;
};

/// By the longest common subsequence; the files are short.
std::vector<Change> compare(const std::vector<std::string_view>& before,
                            const std::vector<std::string_view>& after) {
    const auto width = after.size() + 1;
    std::vector<std::size_t> common((before.size() + 1) * width);
    for (auto i = before.size(); i-- > 0;) {
        for (auto j = after.size(); j-- > 0;) {
            common[i * width + j] = before[i] == after[j]
                                        ? common[(i + 1) * width + j + 1] + 1
                                        : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
        }
    }
    std::vector<Change> changes;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.size() || j < after.size()) {
        if (i < before.size() && j < after.size() && before[i] == after[j]) {
            changes.push_back({' ', before[i++]});
            ++j;
        } else if (j == after.size() ||
                   (i < before.size() && common[(i + 1) * width + j] >= common[i * width + j + 1])) {
            changes.push_back({'-', before[i++]});
        } else {
            changes.push_back({'+', after[j++]});
        }
    }
    return changes;
}

std::string range(std::size_t first, std::size_t count) {
    return count == 1 ? fmt::format("{}", first + 1)
                      : fmt::format("{},{}", first + (count > 0 ? 1 : 0), count);
}

/// The changes [begin, end) under their heading; `old_line` and `new_line` are the numbers of its first.
std::string hunk(const std::vector<Change>& changes, std::size_t begin, std::size_t end, std::size_t old_line,
                 std::size_t new_line) {
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    for (auto i = begin; i < end; ++i) {
        const auto& [sign, line] = changes[i];
        old_count += sign != '+' ? 1 : 0;
        new_count += sign != '-' ? 1 : 0;
        body.append(1, sign).append(line);
        if (!line.ends_with('\n'))
            body += "\n\\ No newline at end of file\n";
    }
    return fmt::format("@@ -{} +{} @@\n{}", range(old_line, old_count), range(new_line, new_count), body);
}

} // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
    if (before == after)
        return {};
    const auto changes = compare(split_lines(before), split_lines(after));
    auto text = fmt::format("--- {}\n+++ {}\n", name, name);
    std::size_t lines[2] = {0, 0}; // how many of each text are passed
    for (std::size_t i = 0, shown = 0; i < changes.size();) {
        if (changes[i].sign == ' ') {
            ++lines[0], ++lines[1], ++i;
            continue;
        }
        const auto lead = std::min(context, i - shown);
        auto end = i;
        for (auto j = i; j < changes.size() && j <= end + 2 * context + 1; ++j)
            end = changes[j].sign != ' ' ? j : end;
        end = std::min(end + 1 + context, changes.size());
        text += hunk(changes, i - lead, end, lines[0] - lead, lines[1] - lead);
        for (; i < end; ++i) {
            lines[0] += changes[i].sign != '+' ? 1 : 0;
            lines[1] += changes[i].sign != '-' ? 1 : 0;
        }
        shown = end;
    }
    return text;
}

} // namespace solo::ctl
