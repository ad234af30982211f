// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/journal.hpp"
#include "daemon/standard_error.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace solo {

/// As in syslog(3).
enum class Priority : std::uint8_t { alert = 1, critical = 2, error = 3, warning = 4, notice = 5, info = 6 };

/// Says a line, to the journal where standard error leads there, else to standard error and to syslog. Where
/// systemd says that it led there and it does not any more, whoever has redirected it gets the lines alone.
/// Foreign text must have gone through protocol::printable(). The fields are for the journal and as they are.
/// All lines are of one thread, and it never waits for who reads them.
void log_line(Priority priority, std::string text, std::vector<JournalField> fields = {});

/// While it lives, lines that weigh less than a warning wait: for flush_log(), for a line that weighs more,
/// for 64 KB of them, or for its end. To say a line wakes its reader, which takes as long as to write a
/// record, and keeps whom solod has just answered from the processor. A process that is killed has not said
/// them.
class LogHold {
public:
    /// `on_first` is called when there is a line to wait: flush_log() is to be called in a while.
    explicit LogHold(std::function<void()> on_first);
    LogHold(const LogHold&) = delete;
    LogHold& operator=(const LogHold&) = delete;
    ~LogHold();
};

/// Says what waits.
void flush_log();

/// Whether lines go to the journal: nobody else takes fields.
bool logs_to_journal();

/// The journal and the standard error that log_line() talks to.
Journal& journal();
StandardError& standard_error();

template<class... Args>
void log(Priority priority, fmt::format_string<Args...> format, Args&&... args) {
    log_line(priority, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace solo
