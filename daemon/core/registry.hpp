// SPDX-License-Identifier: MIT
// Who holds which slot. Pure: events in, effects out; no I/O, no clock, no logging.
//
// opening → active → ending → ended. A session holds its slot until it is ended; an ended session is
// forgotten here (its record stays in the store).
#pragma once

#include "daemon/core/policy.hpp"
#include "daemon/core/session.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace solo {

/// Names a login that waits for its decision; chosen by the caller, never used again.
using RequestId = std::uint64_t;

/// A login that wants a slot.
struct Claim {
    RequestId request = 0;
    SessionId id; ///< of the session, if it is granted
    std::string nonce;
    protocol::Account account;
    protocol::Origin origin;
    Process leader;
    Ruling ruling;
    /// The active session that the caller descends from, if any. It counts only if it is of the same account.
    std::optional<SessionId> inside;
};

/// What Open answers, or would answer.
struct Verdict {
    enum class Because : std::uint8_t {
        not_a_login,   ///< ignore: the service is ignored
        exempt,        ///< grant: needs no slot
        joined,        ///< grant: part of the session that the login comes from; nothing is tracked
        free_slot,     ///< grant
        retried,       ///< grant: this very login has been granted already
        trial,         ///< grant without a slot: Enforce=yes would have refused or superseded
        occupied,      ///< refuse or supersede: no slot is free
        not_gone,      ///< refuse: the session to be superseded does not go away
        shared_leader, ///< refuse: the holder's leader leads other sessions or wants this slot itself
    };

    protocol::Decision decision = protocol::Decision::refuse;
    Because because = Because::occupied;
    std::optional<Session> holder; ///< the session in the way: of all holders the oldest
    std::string rule;              ///< what in the configuration decides: "[Group contractors] OnConflict"
};

/// Write this record.
struct Record {
    Session session;
};

/// Tell the waiting login: granted (id set where the session is tracked) or refused.
struct Answer {
    RequestId request = 0;
    Verdict verdict;
    std::optional<SessionId> id;
};

/// Make this session's processes go away, then say gone() or stuck().
struct BeginEnding {
    Session session;
    std::chrono::milliseconds grace_time{};
    std::optional<protocol::Origin> successor; ///< where the login that supersedes it comes from
};

using Effect = std::variant<Record, Answer, BeginEnding>;

/// To be carried out in order; nothing after a Record may happen before that record is stored.
using Effects = std::vector<Effect>;

/// What a restart of the daemon finds of a session.
enum class Survival : std::uint8_t {
    alive,   ///< its leader
    remains, ///< processes of it, but not its leader
    nothing,
};

class Registry {
public:
    /// A login asks. Answers now or, while a holder is being superseded for it or for one before it, later:
    /// one Answer for each claim, unless abandon() comes first. `now`: microseconds since the Unix epoch, for
    /// the record.
    void open(Claim claim, std::int64_t now, Effects& effects);

    /// What open() would answer now. Changes nothing.
    [[nodiscard]] Verdict decide(const Claim& claim) const;

    /// The login that waits for this answer has gone away. False where it does not wait (any more).
    bool abandon(const std::string& account, RequestId request, std::int64_t now, Effects& effects);

    /// What the kernel says of the session, learnt after its grant.
    void observe(const SessionId& id, Traces traces, Effects& effects);

    /// The login program has its answer.
    void confirm(const SessionId& id, Effects& effects);

    /// The login program says that the session is over. A session that is being ended stays so until it is
    /// gone.
    void close(const SessionId& id, std::int64_t now, Effects& effects);

    /// All descriptors of the login program's end of the line are closed. Before confirm(), the session never
    /// was.
    void line_closed(const SessionId& id, std::int64_t now, Effects& effects);

    void leader_exited(const SessionId& id, std::int64_t now, Effects& effects);

    /// Someone who may wants the session ended.
    void end(const SessionId& id, Reason reason, Effects& effects);

    /// No process of a session that is being ended is left.
    void gone(const SessionId& id, std::int64_t now, Effects& effects);

    /// A session that is being ended did not go away in time. It still holds its slot; gone() may yet come.
    void stuck(const SessionId& id, std::int64_t now, Effects& effects);

    /// A session from before the daemon's start whose record is not ended. Sessions come oldest first.
    void restore(Session session, const Rules& rules, Survival survival, std::int64_t now, Effects& effects);

    /// The session, unless it is unknown or over.
    [[nodiscard]] const Session* find(const SessionId& id) const;

    /// A session of which this process is the leader, unless it is over.
    [[nodiscard]] const Session* find_led_by(const Process& leader) const;

    /// Whether the session's leader leads other sessions too, so that it cannot be ended alone.
    [[nodiscard]] bool shares_leader(const Session& session) const;

    /// All sessions that are not over, oldest first.
    [[nodiscard]] std::vector<const Session*> sessions() const;

    [[nodiscard]] std::size_t size() const { return sessions_.size(); }

private:
    enum class Line : std::uint8_t { open, closed, unknown };

    struct Tracked {
        Session session;
        std::chrono::milliseconds grace_time{};
        OnLeaderExit on_leader_exit = OnLeaderExit::end;
        Line line = Line::open;
        bool is_stuck = false;
    };

    /// What there is of one account.
    struct AccountState {
        std::vector<SessionId> holders; ///< sessions that hold a slot, oldest first
        std::deque<Claim> waiting;      ///< in order; only the first one is being served
    };

    Tracked* tracked(const SessionId& id);
    [[nodiscard]] std::vector<const Tracked*> holders_of(const std::string& account) const;
    [[nodiscard]] const Session* find_retried(const Claim& claim) const;
    [[nodiscard]] Verdict decide_contested(const Claim& claim,
                                           const std::vector<const Tracked*>& holders) const;
    [[nodiscard]] bool is_waited_for(const std::string& account) const;
    [[nodiscard]] int lowest_free_slot(const std::string& account) const;

    void track(Tracked tracked);
    void settle(const Claim& claim, Verdict verdict, std::int64_t now, Effects& effects);
    void grant(const Claim& claim, const Verdict& verdict, std::int64_t now, Effects& effects);
    static std::vector<const Tracked*> who_makes_room(std::vector<const Tracked*> holders, int limit);
    void supersede(const Claim& claim, Effects& effects);
    void serve_waiting(const std::string& account, std::int64_t now, Effects& effects);
    static void begin_ending(Tracked& tracked, Reason reason, std::optional<protocol::Origin> successor,
                             Effects& effects);
    /// Takes the id by value: the caller's may lie in the very session that is forgotten here.
    void over(SessionId id, Reason reason, std::int64_t now, Effects& effects);

    std::unordered_map<SessionId, Tracked> sessions_;
    std::unordered_map<std::string, AccountState> accounts_; ///< only accounts with holders or waiting logins
    std::unordered_multimap<int, SessionId> led_by_;         ///< sessions by their leader's pid
};

} // namespace solo
