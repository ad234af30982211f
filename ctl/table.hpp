// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace solo::ctl {

/// Rows of text under headings, brought to fit a width.
class Table {
public:
    struct Column {
        std::string heading;
        std::size_t least = 0; ///< it may be cut down to so many places; 0: never cut
        int keep = 0;          ///< where cutting is not enough, the columns of the lowest keep are left out
    };

    explicit Table(std::vector<Column> columns);

    /// One cell a column, each printable.
    void add(std::vector<std::string> row);

    /// The table, a line a row. Lines are no longer than `width` if any cutting and leaving out of columns
    /// can achieve that; the column with the highest keep always stays.
    [[nodiscard]] std::string text(std::size_t width) const;

private:
    using Widths = std::vector<std::size_t>; ///< 0 for a column that is left out

    [[nodiscard]] Widths fit(std::size_t width) const;
    [[nodiscard]] std::string line(const std::vector<std::string>& row, const Widths& widths) const;

    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
    Widths natural_;
};

} // namespace solo::ctl
