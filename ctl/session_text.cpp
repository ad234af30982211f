// SPDX-License-Identifier: MIT
#include "ctl/session_text.hpp"

#include "ctl/local_time.hpp"
#include "ctl/output.hpp"
#include "ctl/terminal.hpp"
#include "protocol/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;
using protocol::Session;
using Text = std::optional<std::string>;

/// How many later sessions a successor is looked for in.
constexpr std::size_t most_later = 1000;

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
std::string outcome(const Session& session, const std::deque<Session>& later) {
    std::string text = printable(session.reason.value_or(std::string{protocol::name_of(session.state)}));
    if (!session.superseded_by)
        return text;
    const auto successor = std::ranges::find(later, *session.superseded_by, &Session::id);
    if (successor != later.end())
        text += fmt::format(" by {} ({})", from(*successor), printable(successor->service));
    return text;
}

void print_table(Table& table) {
    if (table.is_empty())
        print("No sessions.\n");
    else
        table.print(output_width());
}

} // namespace

SessionTable::SessionTable(std::string own)
    : own_{std::move(own)}, table_{{{.heading = "ID", .least = 0, .keep = 7},
                                    {.heading = "", .least = 0, .keep = 6},
                                    {.heading = "ACCOUNT", .least = 7, .keep = 5},
                                    {.heading = "STATE", .least = 0, .keep = 4},
                                    {.heading = "SERVICE", .least = 7, .keep = 2},
                                    {.heading = "FROM", .least = 9, .keep = 3},
                                    {.heading = "SINCE", .least = 0, .keep = 1},
                                    {.heading = "LEADER", .least = 0, .keep = 0}}} {}

void SessionTable::add(const Session& session) {
    table_.add({printable(session.id), session.id == own_ ? "*" : "", printable(session.account),
                std::string{protocol::name_of(session.state)}, printable(session.service), from(session),
                short_local_time(session.opened), number(session.leader).value_or("-")});
}

void SessionTable::print() {
    print_table(table_);
}

HistoryTable::HistoryTable()
    : table_{{{.heading = "ID", .least = 0, .keep = 1},
              {.heading = "ACCOUNT", .least = 7, .keep = 6},
              {.heading = "SERVICE", .least = 7, .keep = 2},
              {.heading = "FROM", .least = 9, .keep = 3},
              {.heading = "OPENED", .least = 0, .keep = 4},
              {.heading = "ENDED", .least = 0, .keep = 0},
              {.heading = "WHY", .least = 12, .keep = 5}}} {}

void HistoryTable::add(Session session) {
    later_.push_back(std::move(session));
    if (later_.size() > most_later)
        add_oldest();
}

void HistoryTable::add_oldest() {
    const Session session = std::move(later_.front());
    later_.pop_front();
    table_.add({printable(session.id), printable(session.account), printable(session.service), from(session),
                short_local_time(session.opened), session.ended ? short_local_time(*session.ended) : "-",
                outcome(session, later_)});
}

void HistoryTable::print() {
    while (!later_.empty())
        add_oldest();
    print_table(table_);
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
