// SPDX-License-Identifier: MIT
#include "ctl/table.hpp"

#include "ctl/output.hpp"
#include "ctl/terminal.hpp"
#include "ctl/text_width.hpp"

#include <algorithm>
#include <numeric>

namespace solo::ctl {

namespace {

constexpr std::size_t gap = 2;

std::size_t total(const std::vector<std::size_t>& widths) {
    std::size_t sum = 0;
    for (const auto width : widths) {
        if (width > 0)
            sum += width + (sum > 0 ? gap : 0);
    }
    return sum;
}

std::vector<std::string> cells_of(std::string_view row) {
    std::vector<std::string> cells;
    for (auto end = row.find('\0'); end != std::string_view::npos; end = row.find('\0')) {
        cells.emplace_back(row.substr(0, end));
        row.remove_prefix(end + 1);
    }
    return cells;
}

} // namespace

Table::Table(std::vector<Column> columns) : columns_{std::move(columns)} {
    for (const auto& column : columns_)
        natural_.push_back(text_width(column.heading));
}

void Table::add(const std::vector<std::string>& row) {
    std::string cells;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        natural_[i] = std::max(natural_[i], text_width(row[i]));
        cells.append(row[i]).push_back('\0');
    }
    rows_.add(cells);
}

Table::Widths Table::fit(std::size_t width) const {
    Widths least = natural_;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].least > 0)
            least[i] = std::min(least[i], columns_[i].least);
    }

    // Leave out columns until the others fit when cut as far as they may be.
    std::vector<std::size_t> order(columns_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return columns_[i].keep; });
    Widths widths = natural_;
    for (std::size_t i = 0; i + 1 < order.size() && total(least) > width; ++i)
        least[order[i]] = widths[order[i]] = 0;

    // Cut the widest column that may still be cut, place by place.
    while (total(widths) > width) {
        std::size_t* widest = nullptr;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (widths[i] > least[i] && (widest == nullptr || widths[i] > *widest))
                widest = &widths[i];
        }
        if (widest == nullptr)
            break;
        --*widest;
    }
    return widths;
}

std::string Table::line(const std::vector<std::string>& row, const Widths& widths) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (widths[i] == 0)
            continue;
        if (!out.empty())
            out.append(gap, ' ');
        out += fitted(row[i], widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

void Table::print(std::size_t width) {
    const auto widths = fit(width);
    std::vector<std::string> headings;
    headings.reserve(columns_.size());
    for (const auto& column : columns_)
        headings.push_back(column.heading);
    LongText text;
    text.add(coloured(Colour::bold, line(headings, widths)) + '\n');
    rows_.for_each([&](std::string_view cells) { text.add(line(cells_of(cells), widths) + '\n'); });
    text.end();
}

} // namespace solo::ctl
