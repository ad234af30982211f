// SPDX-License-Identifier: MIT
#include "daemon/event_log.hpp"

#include "daemon/log.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <optional>
#include <string>
#include <vector>

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

std::string first_of(const std::optional<std::string>& value, const std::optional<std::string>& other) {
    return value && !value->empty() ? *value : other.value_or("");
}

void add_login(std::vector<JournalField>& fields, const std::string& account,
               const protocol::Origin* origin) {
    fields.push_back({"SOLO_ACCOUNT", account});
    if (origin == nullptr)
        return;
    fields.push_back({"SOLO_SERVICE", origin->service});
    fields.push_back({"SOLO_ORIGIN", first_of(origin->rhost, origin->tty)});
    fields.push_back({"SOLO_TTY", origin->tty.value_or("")});
}

void add_session(std::vector<JournalField>& fields, const Session& session) {
    add_login(fields, session.account, &session.origin);
    fields.push_back({"SOLO_SESSION", session.id.text()});
    if (session.has_leader())
        fields.push_back({"SOLO_LEADER", std::to_string(session.leader.pid)});
    if (session.lease)
        fields.push_back({"SOLO_LEASED_BY", std::to_string(session.lease->opened_by)});
    if (session.reason)
        fields.push_back({"SOLO_REASON", std::string{protocol::name_of(*session.reason)}});
}

/// What is empty is left out. Values are as the login program gave them: they are data, not text to be shown.
std::vector<JournalField> fields_of(const Happening& happening) {
    std::vector<JournalField> fields{{"MESSAGE_ID", std::string{message_id(happening.kind)}},
                                     {"SOLO_EVENT", std::string{protocol::name_of(happening.kind)}},
                                     {"SOLO_DECISION", std::string{happening.decision}},
                                     {"SOLO_RULE", happening.rule}};
    if (happening.uid)
        fields.push_back({"SOLO_UID", std::to_string(*happening.uid)});
    if (happening.session != nullptr)
        add_session(fields, *happening.session);
    else
        add_login(fields, happening.account, happening.origin);
    std::erase_if(fields, [](const JournalField& field) { return field.value.empty(); });
    return fields;
}

} // namespace

std::unique_ptr<Events::Subscription> log_events(Events& events) {
    return events.subscribe([](const Happening& happening) {
        log_line(priority_of(happening.kind), line_of(happening),
                 logs_to_journal() ? fields_of(happening) : std::vector<JournalField>{});
    });
}

} // namespace solo
