// SPDX-License-Identifier: MIT
#include "daemon/log.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

namespace solo {

namespace {

/// systemd sets JOURNAL_STREAM where standard error is the journal, which takes the priority as "<N>"
/// (sd-daemon(3)).
const char* journal_stream() {
    static const char* const stream = std::getenv("JOURNAL_STREAM");
    return stream;
}

/// Whether it still is: systemd.exec(5) has its device and inode in that variable, which programs inherit.
bool leads_to_journal(int fd) {
    struct stat status {};
    return journal_stream() != nullptr && ::fstat(fd, &status) == 0 &&
           fmt::format("{}:{}", status.st_dev, status.st_ino) == journal_stream();
}

struct Line {
    Priority priority;
    std::string text;
    std::vector<JournalField> fields;
};

/// Those that wait, and whom to tell of the first.
struct Held {
    std::function<void()> on_first; ///< none: nothing waits
    std::vector<Line> lines;
    std::size_t size = 0; ///< of their texts
};

Held& held() {
    static Held the_held;
    return the_held;
}

constexpr std::size_t most_held = 64 * 1024;

bool send_to_journal(Line& line) {
    if (!logs_to_journal())
        return false;
    std::vector<JournalField> entry{
        {"MESSAGE", line.text},
        {"PRIORITY", std::to_string(static_cast<int>(line.priority))},
        {"SYSLOG_FACILITY", std::to_string(LOG_FAC(LOG_AUTHPRIV))},
        {"SYSLOG_IDENTIFIER", "solod"},
        {"SYSLOG_PID", std::to_string(::getpid())},
    };
    std::ranges::move(line.fields, std::back_inserter(entry));
    return journal().send(journal_entry(entry));
}

/// What the journal does not take, together: to say it wakes a reader.
void say(std::vector<Line> lines) {
    std::string text;
    for (Line& line : lines) {
        const int priority = static_cast<int>(line.priority);
        if (send_to_journal(line))
            continue;
        if (journal_stream() != nullptr) {
            text += fmt::format("<{}>{}\n", priority, line.text);
            continue;
        }
        text += fmt::format("solod: {}\n", line.text);
        ::syslog(LOG_AUTHPRIV | priority, "%.*s", static_cast<int>(line.text.size()), line.text.data());
    }
    standard_error().write(text);
}

} // namespace

LogHold::LogHold(std::function<void()> on_first) {
    held().on_first = std::move(on_first);
}

LogHold::~LogHold() {
    held().on_first = {};
    flush_log();
}

void flush_log() {
    held().size = 0;
    say(std::exchange(held().lines, {}));
}

bool logs_to_journal() {
    static const bool it_does = leads_to_journal(STDERR_FILENO);
    return it_does;
}

Journal& journal() {
    static Journal the_journal;
    return the_journal;
}

StandardError& standard_error() {
    static StandardError the_standard_error;
    return the_standard_error;
}

void log_line(Priority priority, std::string text, std::vector<JournalField> fields) {
    Held& held_lines = held();
    held_lines.size += text.size();
    held_lines.lines.push_back({priority, std::move(text), std::move(fields)});
    if (!held_lines.on_first || priority <= Priority::warning || held_lines.size >= most_held)
        flush_log();
    else if (held_lines.lines.size() == 1)
        held_lines.on_first();
}

} // namespace solo
