// SPDX-License-Identifier: MIT
#include "ctl/session_text.hpp"

#include "ctl/local_time.hpp"
#include "ctl/table.hpp"
#include "ctl/terminal.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <span>

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

/// "active"; "logout"; "superseded by 10.0.0.9 (sshd)" where the session that took over is among the later
/// ones.
std::string outcome(const Session& session, std::span<const Session> later) {
    std::string text = printable(session.reason.value_or(std::string{protocol::name_of(session.state)}));
    const auto successor = std::ranges::find(later, session.superseded_by.value_or(""), &Session::id);
    if (successor != later.end())
        text += fmt::format(" by {} ({})", from(*successor), printable(successor->service));
    return text;
}

} // namespace

std::string session_table(const std::vector<Session>& sessions, std::string_view own) {
    if (sessions.empty())
        return "No sessions.\n";
    Table table{{{.heading = "ID", .least = 0, .keep = 7},
                 {.heading = "", .least = 0, .keep = 6},
                 {.heading = "ACCOUNT", .least = 7, .keep = 5},
                 {.heading = "STATE", .least = 0, .keep = 4},
                 {.heading = "SERVICE", .least = 7, .keep = 2},
                 {.heading = "FROM", .least = 9, .keep = 3},
                 {.heading = "SINCE", .least = 0, .keep = 1},
                 {.heading = "LEADER", .least = 0, .keep = 0}}};
    for (const auto& session : sessions) {
        table.add({printable(session.id), session.id == own ? "*" : "", printable(session.account),
                   std::string{protocol::name_of(session.state)}, printable(session.service), from(session),
                   short_local_time(session.opened), number(session.leader).value_or("-")});
    }
    return table.text(output_width());
}

std::string history_table(const std::vector<Session>& sessions) {
    if (sessions.empty())
        return "No sessions.\n";
    Table table{{{.heading = "ID", .least = 0, .keep = 1},
                 {.heading = "ACCOUNT", .least = 7, .keep = 6},
                 {.heading = "SERVICE", .least = 7, .keep = 2},
                 {.heading = "FROM", .least = 9, .keep = 3},
                 {.heading = "OPENED", .least = 0, .keep = 4},
                 {.heading = "ENDED", .least = 0, .keep = 0},
                 {.heading = "WHY", .least = 12, .keep = 5}}};
    for (std::span<const Session> later{sessions}; !later.empty();) {
        const Session& session = later.front();
        later = later.subspan(1);
        table.add({printable(session.id), printable(session.account), printable(session.service),
                   from(session), short_local_time(session.opened),
                   session.ended ? short_local_time(*session.ended) : "-", outcome(session, later)});
    }
    return table.text(output_width());
}

std::string since_text(const Session& session) {
    const std::string place = from(session);
    const std::string service = printable(session.service);
    return fmt::format("{} since {}",
                       place == "-" ? "through " + service : fmt::format("from {} ({})", place, service),
                       short_local_time(session.opened));
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
