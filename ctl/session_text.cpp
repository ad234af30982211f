// SPDX-License-Identifier: MIT
#include "ctl/session_text.hpp"

#include "ctl/local_time.hpp"
#include "ctl/table.hpp"
#include "ctl/terminal.hpp"
#include "protocol/printable.hpp"

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;
using protocol::Session;
using Text = std::optional<std::string>;

bool is_said(const Text& text) {
    return text && !text->empty();
}

std::string from(const Session& session) {
    if (is_said(session.rhost))
        return printable(*session.rhost);
    return is_said(session.tty) ? printable(*session.tty) : "-";
}

/// An optional number as text, nothing where it is absent.
Text number(const std::optional<std::int64_t>& value) {
    return value ? Text{std::to_string(*value)} : std::nullopt;
}

Text time(const std::optional<std::int64_t>& value) {
    return value ? Text{local_time(*value)} : std::nullopt;
}

} // namespace

std::string session_table(const std::vector<Session>& sessions) {
    if (sessions.empty())
        return "No sessions.\n";
    Table table{{{.heading = "ID", .least = 0, .keep = 6},
                 {.heading = "ACCOUNT", .least = 7, .keep = 5},
                 {.heading = "STATE", .least = 0, .keep = 4},
                 {.heading = "SERVICE", .least = 7, .keep = 2},
                 {.heading = "FROM", .least = 9, .keep = 3},
                 {.heading = "SINCE", .least = 0, .keep = 1},
                 {.heading = "LEADER", .least = 0, .keep = 0}}};
    for (const auto& session : sessions) {
        table.add({printable(session.id), printable(session.account),
                   std::string{protocol::name_of(session.state)}, printable(session.service), from(session),
                   short_local_time(session.opened), number(session.leader).value_or("-")});
    }
    return table.text(output_width());
}

std::string session_details(const Session& session) {
    std::string text;
    const auto add = [&](const char* name, const Text& value) {
        if (is_said(value))
            text += fmt::format("{:<14}{}\n", name, printable(*value));
    };
    add("ID", session.id);
    add("Account", session.account);
    add("UID", number(session.uid));
    add("State", std::string{protocol::name_of(session.state)});
    add("Reason", session.reason);
    add("Service", session.service);
    add("Terminal", session.tty);
    add("Remote host", session.rhost);
    add("Remote user", session.ruser);
    add("Host", session.host);
    add("Leader", number(session.leader));
    add("Slot", number(session.slot));
    add("Opened", local_time(session.opened));
    add("Ended", time(session.ended));
    add("Expires", time(session.expires));
    add("Superseded by", session.superseded_by);
    return text;
}

} // namespace solo::ctl
