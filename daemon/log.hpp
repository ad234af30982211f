// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace solo {

/// As in syslog(3).
enum class Priority : std::uint8_t { alert = 1, critical = 2, error = 3, warning = 4, notice = 5, info = 6 };

/// Says a line: to standard error and, unless that is the journal already, to syslog. Foreign text must have
/// gone through protocol::printable().
void log_line(Priority priority, std::string_view text);

template<class... Args>
void log(Priority priority, fmt::format_string<Args...> format, Args&&... args) {
    log_line(priority, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace solo
