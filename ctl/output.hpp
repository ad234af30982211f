// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace solo::ctl {

/// Writes to standard output. A reader that has seen enough (`soloctl list | head`) is no error: the rest
/// goes nowhere. Throws Problem where it cannot be written for another reason (disk full).
void print(std::string_view text);

/// A text that is printed a piece at a time.
class LongText {
public:
    void add(std::string_view piece);

    /// Prints what is left.
    void end();

private:
    std::string waiting_;
};

/// A JSON text on several lines, in ASCII: foreign text in it can do nothing to a terminal.
void print_json(std::string_view json);

/// The same as an element of an array has it, whose elements are printed one after the other: without a line
/// feed at the end.
std::string json_element(std::string_view json);

/// The same on one line, for a stream of values.
void print_json_line(std::string_view json);

/// "soloctl: TEXT" on standard error.
void print_error(std::string_view text);

} // namespace solo::ctl
