// SPDX-License-Identifier: MIT
#include "daemon/event_log.hpp"

#include "daemon/log.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <string>

namespace solo {

namespace {

Priority priority_of(protocol::EventKind kind) {
    using enum protocol::EventKind;
    switch (kind) {
    case degraded:
    case contested:
        return Priority::alert;
    case refused:
    case superseding:
    case would_refuse:
    case recovered:
        return Priority::notice;
    default:
        return Priority::info;
    }
}

std::string line_of(const Happening& happening) {
    std::string line{protocol::name_of(happening.kind)};
    if (const Session* const session = happening.session) {
        line += fmt::format(": {} from {}, session {}, ", protocol::printable(session->account),
                            origin_text(session->origin), session->id.text());
        line += session->lease ? fmt::format("leased by uid {}", session->lease->opened_by)
                               : fmt::format("leader {}", session->leader.pid);
        if (session->reason)
            line.append(", ").append(protocol::name_of(*session->reason));
    }
    if (!happening.message.empty())
        line += ": " + protocol::printable(happening.message);
    return line;
}

} // namespace

std::unique_ptr<Events::Subscription> log_events(Events& events) {
    return events.subscribe(
        [](const Happening& happening) { log_line(priority_of(happening.kind), line_of(happening)); });
}

} // namespace solo
