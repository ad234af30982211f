// SPDX-License-Identifier: MIT
#include "daemon/log.hpp"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

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

bool send_to_journal(int priority, std::string_view text, std::span<const JournalField> fields) {
    if (!logs_to_journal())
        return false;
    std::vector<JournalField> entry{
        {"MESSAGE", std::string{text}},
        {"PRIORITY", std::to_string(priority)},
        {"SYSLOG_FACILITY", std::to_string(LOG_FAC(LOG_AUTHPRIV))},
        {"SYSLOG_IDENTIFIER", "solod"},
        {"SYSLOG_PID", std::to_string(::getpid())},
    };
    entry.insert(entry.end(), fields.begin(), fields.end());
    return journal().send(journal_entry(entry));
}

/// Lines on their way to standard error, which itself stays unbuffered: what else is said there, as by a
/// process that aborts, is not to be lost.
struct HeldLines {
    std::mutex mutex;
    bool is_holding = false;
    std::string text;
};

HeldLines& held_lines() {
    static HeldLines the_lines;
    return the_lines;
}

constexpr std::size_t most_held = 64 * 1024;

/// A log that cannot be written (its disk is full, its reader gone) is no reason to stop.
void write_out(HeldLines& lines) {
    (void)std::fwrite(lines.text.data(), 1, lines.text.size(), stderr);
    lines.text.clear();
}

void write_line(Priority priority, std::string_view line) {
    HeldLines& lines = held_lines();
    const std::lock_guard lock{lines.mutex};
    lines.text += line;
    if (!lines.is_holding || priority < Priority::info || lines.text.size() >= most_held)
        write_out(lines);
}

} // namespace

void hold_log_lines() {
    HeldLines& lines = held_lines();
    const std::lock_guard lock{lines.mutex};
    lines.is_holding = true;
    (void)std::atexit(flush_log);
}

void flush_log() {
    HeldLines& lines = held_lines();
    const std::lock_guard lock{lines.mutex};
    if (!lines.text.empty())
        write_out(lines);
}

bool logs_to_journal() {
    static const bool it_does = leads_to_journal(STDERR_FILENO);
    return it_does;
}

Journal& journal() {
    static Journal the_journal;
    return the_journal;
}

void log_line(Priority priority, std::string_view text, std::span<const JournalField> fields) {
    const int number = static_cast<int>(priority);
    if (send_to_journal(number, text, fields))
        return;
    if (journal_stream() != nullptr) {
        write_line(priority, fmt::format("<{}>{}\n", number, text));
        return;
    }
    write_line(priority, fmt::format("solod: {}\n", text));
    ::syslog(LOG_AUTHPRIV | number, "%.*s", static_cast<int>(text.size()), text.data());
}

} // namespace solo
