// SPDX-License-Identifier: MIT
#include "daemon/store_rows.hpp"

#include <array>
#include <iterator>
#include <sstream>
#include <string_view>

namespace solo {

namespace {

/// In the order in which write_session() and read_session() go through them.
constexpr auto session_columns =
    std::to_array<std::string_view>({"id",          "account",       "uid",
                                     "gids",        "state",         "reason",
                                     "service",     "tty",           "rhost",
                                     "ruser",       "leader_pid",    "leader_start",
                                     "slot",        "share",         "opened",
                                     "ended",       "superseded_by", "nonce",
                                     "line_inode",  "audit_session", "logind_session",
                                     "expires",     "lease_ttl",     "lease_opener",
                                     "lease_lapses"});

/// What is learnt of a session after its first record.
constexpr auto changing_columns =
    std::to_array<std::string_view>({"state", "reason", "ended", "superseded_by", "line_inode",
                                     "audit_session", "logind_session", "lease_lapses", "gids"});

/// In the order in which write_note() and read_notes() go through them.
constexpr auto note_columns = std::to_array<std::string_view>(
    {"name", "uid", "locked", "superseded", "by_service", "by_tty", "by_rhost", "by_ruser"});

std::string parameters(std::size_t count) {
    return fmt::format("{}", fmt::join(std::vector<std::string_view>(count, "?"), ", "));
}

/// As numbers_of() reads them.
std::string text_of(const std::vector<std::uint32_t>& numbers) {
    return fmt::format("{}", fmt::join(numbers, " "));
}

std::vector<std::uint32_t> numbers_of(const std::string& text) {
    std::istringstream stream{text};
    return {std::istream_iterator<std::uint32_t>{stream}, {}};
}

std::optional<Lease> read_lease(Row& row) {
    const auto ttl = row.get<std::optional<std::int64_t>>();
    const auto opened_by = row.get<std::uint32_t>();
    const auto lapses = row.get<std::int64_t>();
    if (!ttl)
        return std::nullopt;
    return Lease{.ttl = std::chrono::milliseconds{*ttl}, .opened_by = opened_by, .lapses = lapses};
}

Session read_session(Row row) {
    // A list in braces is evaluated from left to right.
    return {.id = row.get<SessionId>(),
            .account = row.get<std::string>(),
            .uid = row.get<std::optional<std::uint32_t>>(),
            .gids = numbers_of(row.get<std::string>()),
            .state = row.get<State>(),
            .reason = row.get<std::optional<Reason>>(),
            .origin = {.service = row.get<std::string>(),
                       .tty = row.get<std::optional<std::string>>(),
                       .rhost = row.get<std::optional<std::string>>(),
                       .ruser = row.get<std::optional<std::string>>()},
            .leader = {.pid = row.get<int>(), .start_time = row.get<std::uint64_t>()},
            .slot = row.get<std::optional<int>>(),
            .share = row.get<int>(),
            .opened = row.get<std::int64_t>(),
            .ended = row.get<std::optional<std::int64_t>>(),
            .superseded_by = row.get<std::optional<SessionId>>(),
            .nonce = row.get<std::string>(),
            .traces = {.line_inode = row.get<std::optional<std::uint64_t>>(),
                       .audit_session = row.get<std::optional<std::uint32_t>>(),
                       .logind_session = row.get<std::optional<std::string>>()},
            .expires = row.get<std::optional<std::int64_t>>(),
            .lease = read_lease(row)};
}

} // namespace

std::string insert_session_sql() {
    std::vector<std::string> changes;
    for (const std::string_view column : changing_columns)
        changes.push_back(fmt::format("{0} = excluded.{0}", column));
    return fmt::format("INSERT INTO session (boot, {}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
                       fmt::join(session_columns, ", "), parameters(1 + session_columns.size()),
                       fmt::join(changes, ", "));
}

void write_session(SQLite::Statement& insert, std::int64_t boot, const Session& session) {
    const std::string gids = text_of(session.gids);
    const auto& lease = session.lease;
    Binder{insert}
        .add(boot)
        .add(session.id)
        .add(session.account)
        .add(session.uid)
        .add(gids)
        .add(session.state)
        .add(session.reason)
        .add(session.origin.service)
        .add(session.origin.tty)
        .add(session.origin.rhost)
        .add(session.origin.ruser)
        .add(session.leader.pid)
        .add(session.leader.start_time)
        .add(session.slot)
        .add(session.share)
        .add(session.opened)
        .add(session.ended)
        .add(session.superseded_by)
        .add(session.nonce)
        .add(session.traces.line_inode)
        .add(session.traces.audit_session)
        .add(session.traces.logind_session)
        .add(session.expires)
        .add(lease ? std::optional{lease->ttl.count()} : std::nullopt)
        .add(lease ? std::optional{lease->opened_by} : std::nullopt)
        .add(lease ? std::optional{lease->lapses} : std::nullopt);
    insert.exec();
}

std::string select_sessions_sql(const std::string& condition) {
    return fmt::format("SELECT {} FROM session WHERE {}", fmt::join(session_columns, ", "), condition);
}

std::vector<Session> read_sessions(SQLite::Statement& query) {
    std::vector<Session> sessions;
    while (query.executeStep())
        sessions.push_back(read_session(Row{query}));
    return sessions;
}

std::string insert_note_sql() {
    return fmt::format("INSERT OR REPLACE INTO account ({}) VALUES ({})", fmt::join(note_columns, ", "),
                       parameters(note_columns.size()));
}

void write_note(SQLite::Statement& insert, const AccountNote& note) {
    using Text = std::optional<std::string>;
    const auto& superseded = note.superseded;
    const Text service = superseded ? Text{superseded->by.service} : Text{};
    const protocol::Origin by = superseded ? superseded->by : protocol::Origin{};
    Binder{insert}
        .add(note.account)
        .add(note.uid)
        .add(note.locked)
        .add(superseded ? std::optional{superseded->when} : std::nullopt)
        .add(service)
        .add(by.tty)
        .add(by.rhost)
        .add(by.ruser);
    insert.exec();
}

std::string select_notes_sql() {
    return fmt::format("SELECT {} FROM account", fmt::join(note_columns, ", "));
}

std::vector<AccountNote> read_notes(SQLite::Statement& query) {
    std::vector<AccountNote> notes;
    while (query.executeStep()) {
        Row row{query};
        AccountNote& note = notes.emplace_back();
        note.account = row.get<std::string>();
        note.uid = row.get<std::optional<std::uint32_t>>();
        note.locked = row.get<std::optional<std::int64_t>>();
        const auto when = row.get<std::optional<std::int64_t>>();
        protocol::Origin by{.service = row.get<std::string>(),
                            .tty = row.get<std::optional<std::string>>(),
                            .rhost = row.get<std::optional<std::string>>(),
                            .ruser = row.get<std::optional<std::string>>()};
        if (when)
            note.superseded = {.by = std::move(by), .when = *when};
    }
    return notes;
}

} // namespace solo
