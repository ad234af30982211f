// SPDX-License-Identifier: MIT
#include "daemon/log.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <syslog.h>

namespace solo {

namespace {

/// systemd sets JOURNAL_STREAM where standard error is the journal, which takes the priority as "<N>"
/// (sd-daemon(3)).
bool is_journal() {
    static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    return journal;
}

} // namespace

void log_line(Priority priority, std::string_view text) {
    const int number = static_cast<int>(priority);
    if (is_journal()) {
        fmt::print(stderr, "<{}>{}\n", number, text);
        return;
    }
    fmt::print(stderr, "solod: {}\n", text);
    ::syslog(LOG_AUTHPRIV | number, "%.*s", static_cast<int>(text.size()), text.data());
}

} // namespace solo
