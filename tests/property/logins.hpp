// SPDX-License-Identifier: MIT
// Logins by number, and what the registry says of them as text: login 7 asks for session s7.
#pragma once

#include "daemon/core/registry.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace solo::testing {

/// A login as a test writes it: only what it is about. The rest follows from the number.
struct Login {
    int number = 0;
    std::string account = "alice";
    Ruling::Kind kind = Ruling::Kind::limited;
    OnConflict on_conflict = OnConflict::refuse;
    int max_sessions = 1;
    bool enforce = true;
    OnLeaderExit on_leader_exit = OnLeaderExit::end;
    std::optional<int> inside{}; ///< the session it comes from
    std::optional<int> leader{}; ///< the login whose leader it has, else its own
    std::optional<int> nonce{};  ///< the login whose nonce it has, else its own
    CountBy count_by = CountBy::session;
    std::optional<int> host{}; ///< the login from whose host it comes, else its own
    Consent consent = Consent::none;
    std::optional<int> ttl{};      ///< seconds: it is a lease
    std::optional<int> lifetime{}; ///< seconds
    int contest_limit = 10'000;
    ContestAction contest_action = ContestAction::refuse;
};

inline SessionId session_id(int number) {
    SessionId id;
    id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[15] = static_cast<std::uint8_t>(number);
    return id;
}

inline int number_of(const SessionId& id) {
    return id.bytes[14] << 8 | id.bytes[15];
}

/// Some share a pid, as when a pid is used again: only the start time tells them apart.
inline Process leader_of(int number) {
    return {.pid = 1000 + number % 5, .start_time = static_cast<std::uint64_t>(number)};
}

inline Rules rules_of(const Login& login) {
    Rules rules;
    rules.enforce.value = login.enforce;
    rules.on_conflict.value = login.on_conflict;
    rules.max_sessions.value = login.max_sessions;
    rules.on_leader_exit.value = login.on_leader_exit;
    rules.count_by.value = login.count_by;
    rules.contest_limit.value = login.contest_limit;
    rules.contest_action.value = login.contest_action;
    if (login.lifetime)
        rules.max_lifetime.value = std::chrono::seconds{*login.lifetime};
    return rules;
}

inline Claim claim_of(const Login& login, const Now& now = {}) {
    const int leader = login.leader.value_or(login.number);
    return {.request = static_cast<RequestId>(login.number),
            .id = session_id(login.number),
            .nonce = "nonce " + std::to_string(login.nonce.value_or(login.number)),
            .account = {.name = login.account, .uid = 1000, .gids = {}},
            .origin = {.service = "sshd",
                       .tty = std::nullopt,
                       .rhost = "host" + std::to_string(login.host.value_or(login.number)),
                       .ruser = std::nullopt},
            .leader = login.ttl ? Process{} : leader_of(leader),
            .ruling = {.kind = login.kind, .rules = rules_of(login), .rule = "the rule"},
            .consent = login.consent,
            .lease = login.ttl ? std::optional{Lease{.ttl = std::chrono::seconds{*login.ttl},
                                                     .opened_by = 33,
                                                     .lapses = now.boot + *login.ttl * 1'000'000LL}}
                               : std::nullopt,
            .inside = login.inside ? std::optional{session_id(*login.inside)} : std::nullopt};
}

inline std::string text(const SessionId& id) {
    return "s" + std::to_string(number_of(id));
}

template<class Enum>
std::string name(Enum value) {
    return std::string{enum_names(value).at(static_cast<std::size_t>(value))};
}

inline std::string text(Verdict::Because because) {
    constexpr auto names = std::to_array<std::string_view>(
        {"not a login", "exempt", "joined", "free slot", "same origin", "retried", "trial", "occupied",
         "not gone", "shared leader", "contest", "contest hold", "locked"});
    return std::string{names.at(static_cast<std::size_t>(because))};
}

/// "s1 ended, superseded by s2, slot 0"
inline std::string text(const Record& record) {
    const Session& session = record.session;
    std::string line = text(session.id) + " " + name(session.state);
    if (session.reason)
        line += ", " + name(*session.reason);
    if (session.superseded_by)
        line += " by " + text(*session.superseded_by);
    if (session.slot)
        line += ", slot " + std::to_string(*session.slot);
    if (session.share != 0)
        line += " shared " + std::to_string(session.share);
    return line;
}

/// "alice: locked, superseded by host2"
inline std::string text(const RecordNote& record) {
    const AccountNote& note = record.note;
    std::string line = note.account + ":" + (note.locked ? " locked" : "");
    if (note.superseded)
        line += " superseded by " + note.superseded->by.rhost.value_or("nowhere");
    return note.is_empty() ? line + " nothing" : line;
}

/// "contest: alice, lock"
inline std::string text(const Contested& contest) {
    return "contest: " + contest.account + ", " + name(contest.action);
}

/// "login 2: refuse, occupied, held by s1" or "login 1: grant, free slot, s1"
inline std::string text(const Answer& answer) {
    std::string line = "login " + std::to_string(answer.request) + ": " + name(answer.verdict.decision) +
                       ", " + text(answer.verdict.because);
    if (answer.verdict.holder)
        line += ", held by " + text(answer.verdict.holder->id);
    if (answer.id)
        line += ", " + text(*answer.id);
    return line;
}

/// "end s1 for host2"
inline std::string text(const BeginEnding& ending) {
    std::string line = "end " + text(ending.session.id);
    if (ending.successor)
        line += " for " + ending.successor->rhost.value_or("nowhere");
    return line;
}

/// One line an effect, but for notes.
inline std::string text(const Effects& effects) {
    std::string lines;
    for (const Effect& effect : effects)
        if (!std::holds_alternative<RecordNote>(effect))
            lines +=
                (lines.empty() ? "" : "\n") + std::visit([](const auto& one) { return text(one); }, effect);
    return lines;
}

} // namespace solo::testing
