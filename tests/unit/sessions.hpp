// SPDX-License-Identifier: MIT
// Sessions by number, for tests of what keeps and shows them.
#pragma once

#include "daemon/core/session.hpp"
#include "tests/unit/expect.hpp"

#include <chrono>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace solo::testing {

/// Ids that sort as their numbers do.
inline SessionId id_of(int number) {
    SessionId id;
    id.bytes[0] = 1;
    id.bytes[4] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[5] = static_cast<std::uint8_t>(number);
    id.bytes[15] = 0xff;
    return id;
}

inline int number_of(const SessionId& id) {
    return id.bytes[4] << 8 | id.bytes[5];
}

/// An unfinished session in slot 0.
inline Session session_of(int number, std::string account = "alice", State state = State::active) {
    Session session;
    session.id = id_of(number);
    session.account = std::move(account);
    session.uid = 1000;
    session.state = state;
    session.origin = {.service = "sshd", .tty = {}, .rhost = "10.0.0.5", .ruser = {}};
    session.leader = {.pid = 100 + number, .start_time = 1000};
    session.slot = 0;
    session.opened = 1'000'000 + number;
    session.nonce = "nonce";
    return session;
}

inline Session over(Session session, Reason reason = Reason::logout, std::int64_t ended = 5) {
    session.state = State::ended;
    session.reason = reason;
    session.ended = ended;
    return session;
}

/// One in which everything is set.
inline Session full_session(int number) {
    Session session = over(session_of(number), Reason::superseded);
    session.origin = {.service = "login", .tty = "tty1", .rhost = "::1", .ruser = "bob"};
    session.superseded_by = id_of(number + 1);
    session.slot = 3;
    session.gids = {1000, 27, 4'294'967'294};
    session.traces = {.line_inode = 12345, .audit_session = 678, .logind_session = "c12"};
    session.share = 2;
    session.expires = 77'000'000;
    session.lease = Lease{.ttl = std::chrono::milliseconds{1500}, .opened_by = 33, .lapses = 66'000'000};
    return session;
}

/// What is remembered of an account of which there is everything to remember.
inline AccountNote full_note(std::string account = "alice") {
    return {.account = std::move(account),
            .uid = 1000,
            .locked = 123'456,
            .superseded = Supersession{
                .by = {.service = "login", .tty = "tty1", .rhost = "::1", .ruser = "bob"}, .when = 654'321}};
}

/// "alice 1000 locked 123456 superseded 654321 by login tty1 ::1 bob"
inline std::string text(const AccountNote& note) {
    const auto shown_text = [](const std::optional<std::string>& value) { return " " + value.value_or("-"); };
    std::string text = note.account;
    text += note.uid ? " " + std::to_string(*note.uid) : " -";
    if (note.locked)
        text += " locked " + std::to_string(*note.locked);
    if (const auto& superseded = note.superseded)
        text += " superseded " + std::to_string(superseded->when) + " by " + superseded->by.service +
                shown_text(superseded->by.tty) + shown_text(superseded->by.rhost) +
                shown_text(superseded->by.ruser);
    return text;
}

/// A line each.
inline std::string text(const std::vector<AccountNote>& notes) {
    std::string lines;
    for (const AccountNote& note : notes)
        lines += (lines.empty() ? "" : "\n") + text(note);
    return lines;
}

inline void expect_same(const Session& found, const Session& expected,
                        const std::source_location& where = std::source_location::current()) {
    const auto same = [&](const auto& one, const auto& other, const char* field) {
        if (!(one == other))
            fail_at(std::string{"another "} + field, where);
    };
    same(found.id, expected.id, "id");
    same(found.account, expected.account, "account");
    same(found.uid, expected.uid, "uid");
    same(found.gids, expected.gids, "gids");
    same(found.state, expected.state, "state");
    same(found.reason, expected.reason, "reason");
    same(found.origin.service, expected.origin.service, "service");
    same(found.origin.tty, expected.origin.tty, "tty");
    same(found.origin.rhost, expected.origin.rhost, "rhost");
    same(found.origin.ruser, expected.origin.ruser, "ruser");
    same(found.leader, expected.leader, "leader");
    same(found.slot, expected.slot, "slot");
    same(found.opened, expected.opened, "opened");
    same(found.ended, expected.ended, "ended");
    same(found.superseded_by, expected.superseded_by, "superseded_by");
    same(found.nonce, expected.nonce, "nonce");
    same(found.traces, expected.traces, "traces");
    same(found.share, expected.share, "share");
    same(found.expires, expected.expires, "expires");
    same(found.lease, expected.lease, "lease");
}

/// The value, where there is one; a failure otherwise.
template<class Expected>
typename Expected::value_type must(Expected expected,
                                   const std::source_location& where = std::source_location::current()) {
    if (!expected) {
        if constexpr (std::is_same_v<typename Expected::error_type, std::string>)
            fail_at("failed: " + expected.error(), where);
        else
            fail_at("failed: " + expected.error().text, where);
    }
    if constexpr (!std::is_void_v<typename Expected::value_type>)
        return std::move(*expected);
}

} // namespace solo::testing
