// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/spool.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace solo::ctl {

/// Rows of text under headings, brought to fit a width; as many as there are, in little memory.
class Table {
public:
    struct Column {
        std::string heading;
        std::size_t least = 0; ///< it may be cut down to so many places; 0: never cut
        int keep = 0;          ///< where cutting is not enough, the columns of the lowest keep are left out
    };

    explicit Table(std::vector<Column> columns);

    /// One cell a column, each printable.
    void add(const std::vector<std::string>& row);

    /// Prints the table, a line a row. Lines are no longer than `width` if any cutting and leaving out of
    /// columns can achieve that; the column with the highest keep always stays.
    void print(std::size_t width);

    [[nodiscard]] bool is_empty() const { return rows_.is_empty(); }

private:
    using Widths = std::vector<std::size_t>; ///< 0 for a column that is left out

    [[nodiscard]] Widths fit(std::size_t width) const;
    static std::string line(const std::vector<std::string>& row, const Widths& widths);

    std::vector<Column> columns_;
    Spool rows_; ///< with a NUL behind each cell
    Widths natural_;
};

} // namespace solo::ctl
