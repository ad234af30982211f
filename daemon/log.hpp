// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/journal.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace solo {

/// As in syslog(3).
enum class Priority : std::uint8_t { alert = 1, critical = 2, error = 3, warning = 4, notice = 5, info = 6 };

/// Says a line, to the journal where standard error leads there, else to standard error and to syslog.
/// Foreign text must have gone through protocol::printable(). The fields are for the journal and as they are.
void log_line(Priority priority, std::string_view text, std::span<const JournalField> fields = {});

/// From now on lines that only inform wait on their way to standard error: for flush_log(), for a line that
/// weighs more, for 64 KB of them or for the end of the process. To write one wakes its reader, which takes
/// as long as to write a record. Once, before the first line.
void hold_log_lines();
void flush_log();

/// Whether lines go to the journal: nobody else takes fields.
bool logs_to_journal();

/// The journal that log_line() talks to.
Journal& journal();

template<class... Args>
void log(Priority priority, fmt::format_string<Args...> format, Args&&... args) {
    log_line(priority, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace solo
