// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace solo::ctl {

/// How many columns a line of output may have: COLUMNS, else the terminal's, else no limit.
std::size_t output_width();

/// Whether output may be coloured: on a terminal that can (TERM), unless NO_COLOR is set (no-color.org).
bool may_colour();

enum class Colour { bold, red, green, yellow };

/// The text in that colour, or as it is where output may not be coloured.
std::string coloured(Colour colour, std::string_view text);

} // namespace solo::ctl
