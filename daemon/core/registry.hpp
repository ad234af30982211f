// SPDX-License-Identifier: MIT
// Who holds which slot. Pure: events in, effects out; no I/O, no clock, no logging.
//
// opening → active → ending → ended. A session holds its slot until it is ended; an ended session is
// forgotten here (its record stays in the store).
#pragma once

#include "daemon/core/contest.hpp"
#include "daemon/core/live_sessions.hpp"
#include "daemon/core/now.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/session.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace solo {

/// Names a login that waits for its decision; chosen by the caller, never used again.
using RequestId = std::uint64_t;

/// What the person said to ending the holder (OnConflict=ask).
enum class Consent : std::uint8_t {
    unasked, ///< they can still be asked: this is a Check
    none,
    given,
};

/// A login that wants a slot.
struct Claim {
    RequestId request = 0;
    SessionId id; ///< of the session, if it is granted
    std::string nonce;
    protocol::Account account;
    protocol::Origin origin;
    Process leader; ///< none (pid 0) for a lease
    Ruling ruling;
    Consent consent = Consent::none;
    std::optional<Lease> lease; ///< of the session, where it is to be one
    /// The active session that the caller descends from, if any. It counts only if it is of the same account.
    std::optional<SessionId> inside;
    Traces traces{}; ///< what is known of the session's processes already
};

/// What Open answers, or would answer.
struct Verdict {
    enum class Because : std::uint8_t {
        not_a_login,   ///< ignore: the service is ignored
        exempt,        ///< grant: needs no slot
        joined,        ///< grant: part of the session that the login comes from; nothing is tracked
        free_slot,     ///< grant
        same_origin,   ///< grant: shares the slot of a holder from the same place (CountBy=origin)
        retried,       ///< grant: this very login has been granted already
        trial,         ///< grant without a slot: Enforce=yes would have said `would`
        occupied,      ///< refuse, supersede or ask: no slot is free
        not_gone,      ///< refuse: the session to be superseded does not go away
        shared_leader, ///< refuse: the holder's leader leads other sessions or wants this slot itself
        contest, ///< refuse: this superseding is one too many, and ContestAction follows if it is an Open
        contest_hold, ///< refuse: it is not long since that happened
        locked,       ///< refuse: the account is shut until it is unlocked
    };

    /// What Enforce=yes would have answered, why, and by which rule.
    struct Would {
        protocol::Decision decision = protocol::Decision::grant;
        Because because = Because::occupied;
        std::string rule;
    };

    protocol::Decision decision = protocol::Decision::refuse;
    Because because = Because::occupied;
    std::optional<Session> holder; ///< the session in the way: of all holders the oldest
    std::string rule;              ///< what in the configuration decides, as rule_text() has it
    Would would = {};              ///< in a trial
};

/// Write this record.
struct Record {
    Session session;
    /// It may be written a moment later: a restart that does not find it on record finds it out by itself.
    bool can_wait = false;
};

/// Tell the waiting login: granted (id set where the session is tracked) or refused.
struct Answer {
    RequestId request = 0;
    Verdict verdict;
    std::optional<SessionId> id;
    std::optional<Session> superseded; ///< in a grant: the session that it has superseded, the last one
    std::optional<Supersession> superseded_before; ///< in a grant: what the person has not been told yet
    bool has_waited = false;                       ///< it could not be given with its claim
};

/// Write what is remembered of an account.
struct RecordNote {
    AccountNote note;
};

/// Tell the administrator: an account's logins keep superseding each other.
struct Contested {
    std::string account;
    std::optional<std::uint32_t> uid;
    ContestAction action = ContestAction::refuse;
    std::chrono::milliseconds hold{}; ///< how long nobody supersedes, in refuse
};

/// Make this session's processes go away, then say gone() or stuck().
struct BeginEnding {
    Session session;
    std::chrono::milliseconds grace_time{};
    std::optional<protocol::Origin> successor; ///< where the login that supersedes it comes from
    bool reveal_holder = true;                 ///< whether its person may know that
};

using Effect = std::variant<Record, RecordNote, Answer, BeginEnding, Contested>;

/// To be carried out in order; nothing after a Record that cannot wait, or a RecordNote, may happen before
/// that is stored.
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
    /// one Answer for each claim, unless abandon() comes first.
    void open(Claim claim, const Now& now, Effects& effects);

    /// What open() would answer now. Changes nothing.
    [[nodiscard]] Verdict decide(const Claim& claim, const Now& now) const;

    /// The login that waits for this answer has gone away. False where it does not wait (any more).
    bool abandon(const std::string& account, RequestId request, const Now& now, Effects& effects);

    /// What has been learnt of the session after its grant.
    void observe(const SessionId& id, const Traces& traces, Effects& effects);

    /// The login program has its answer; `audit_session` as in Traces. Where it is not known, what has been
    /// learnt before stays.
    void confirm(const SessionId& id, std::optional<std::uint32_t> audit_session, Effects& effects);

    /// The login program says that the session is over. A session that is being ended stays so until it is
    /// gone.
    void close(const SessionId& id, const Now& now, Effects& effects);

    /// All descriptors of the login program's end of the line are closed. Before confirm(), the session never
    /// was.
    void line_closed(const SessionId& id, const Now& now, Effects& effects);

    void leader_exited(const SessionId& id, const Now& now, Effects& effects);

    /// Someone who may wants the session ended.
    void end(const SessionId& id, Reason reason, Effects& effects);

    /// No process of a session that is being ended is left.
    void gone(const SessionId& id, const Now& now, Effects& effects);

    /// A session that is being ended did not go away in time. It still holds its slot; gone() may yet come.
    void stuck(const SessionId& id, const Now& now, Effects& effects);

    /// A session from before the daemon's start whose record is not ended. Sessions come oldest first, and
    /// before all logins unless their records could not be read.
    void restore(Session session, const Rules& rules, Survival survival, const Now& now, Effects& effects);

    /// The groups of a session's account, learnt after restore(), and the rules that they bring.
    void learn_groups(const SessionId& id, const std::vector<std::uint32_t>& gids, const Rules& rules,
                      Effects& effects);

    /// What is remembered of an account from before the daemon's start.
    void restore(AccountNote note);

    /// A login that the daemon has not seen but that lives: from before its first start, or let in while it
    /// was down. It holds a slot even where that is one too many.
    void adopt(Session session, const Ruling& ruling, const Now& now, Effects& effects);

    /// A lease lasts its ttl from now on; when it lapses, in microseconds of CLOCK_BOOTTIME. Nothing where
    /// there is no such lease (any more).
    std::optional<std::int64_t> renew(const SessionId& id, const Now& now, Effects& effects);

    /// Ends what has reached its time. To be called at next_deadline(). A session whose leader leads others
    /// ends with the last of them.
    void tick(const Now& now, Effects& effects);

    /// When the next session reaches its time, in microseconds of CLOCK_BOOTTIME.
    [[nodiscard]] std::optional<std::int64_t> next_deadline() const { return live_.next_deadline(); }

    /// Logins of the account are decided again as if there had been no contest. False where there is none.
    bool unlock(const std::string& account, const Now& now, Effects& effects);

    /// Whether the session is known and not over.
    [[nodiscard]] bool has(const SessionId& id) const { return live_.find(id) != nullptr; }

    /// The session, unless it is unknown or over.
    [[nodiscard]] std::optional<Session> find(const SessionId& id) const;

    /// Whether nobody has the login program's end of its line any more. False where that is not known.
    [[nodiscard]] bool is_line_closed(const SessionId& id) const;

    /// A session of which this process is the leader, unless it is over.
    [[nodiscard]] std::optional<SessionId> find_led_by(const Process& leader) const;

    /// Whether a session of the account holds a slot.
    [[nodiscard]] bool has_holders(const std::string& account) const { return live_.has_holders(account); }

    /// Whether the session's leader leads other sessions too, so that it cannot be ended alone.
    [[nodiscard]] bool shares_leader(const Session& session) const;

    /// What is remembered of accounts, in no order.
    [[nodiscard]] std::vector<AccountNote> notes() const;

    /// Up to `count` of the sessions that are not over, with a greater id, oldest first.
    [[nodiscard]] std::vector<Session> sessions_after(const SessionId& id, std::size_t count) const {
        return live_.after(id, count);
    }

    /// Up to `count` of them with a smaller id, newest first.
    [[nodiscard]] std::vector<Session> sessions_before(const SessionId& id, std::size_t count) const {
        return live_.before(id, count);
    }

    [[nodiscard]] const StateCounts& count_by_state() const { return live_.count_by_state(); }

    [[nodiscard]] std::size_t size() const { return live_.size(); }

private:
    /// A login that waits for a slot, and what it has caused so far.
    struct Waiting {
        Claim claim;
        std::optional<Session> superseded;
        std::optional<Supersession> superseded_before;
        bool has_superseded = false; ///< it has begun to end a session
        bool has_waited = false;     ///< since an earlier event
    };

    /// What there is of an account beyond its sessions.
    struct Affairs {
        std::list<Waiting> waiting; ///< in order; only the first one is being served
        Contest contest;
        AccountNote note;
        /// The session whose login is being told of note.superseded: told it is when that is confirmed.
        std::optional<SessionId> telling;

        /// Nobody is being told anything where the note is empty.
        [[nodiscard]] bool is_empty() const {
            return waiting.empty() && note.is_empty() && contest.fades() == 0;
        }
    };

    /// A slot and the sessions that hold it, oldest first: one, or several from the same origin.
    struct Slot {
        int number = 0;
        std::vector<const LiveSession*> holders;

        /// It becomes free without more ado.
        [[nodiscard]] bool is_going() const;
    };

    // What is decided, and what it is decided by (decision.cpp). Oldest slot first.
    [[nodiscard]] std::vector<Slot> slots_of(const std::string& account) const;
    [[nodiscard]] const LiveSession* find_retried(const Claim& claim) const;
    [[nodiscard]] Verdict decide_slot(const Claim& claim, const Now& now) const;
    [[nodiscard]] Verdict decide_conflict(const Claim& claim, const std::vector<Slot>& slots,
                                          const Now& now) const;
    [[nodiscard]] std::optional<Verdict::Because> obstacle(const Claim& claim,
                                                           const LiveSession& holder) const;
    static std::vector<Slot> who_makes_room(std::vector<Slot> slots, int limit);
    static int lowest_free_slot(const std::vector<Slot>& slots);
    static const Slot* find_shareable(const Rules& rules, const protocol::Origin& origin,
                                      const std::vector<Slot>& slots);
    [[nodiscard]] const Affairs& affairs_of(const std::string& account) const;

    [[nodiscard]] static Answer answer(const Waiting& login, Verdict verdict,
                                       std::optional<SessionId> id = std::nullopt);
    void take_slot(const Rules& rules, Session& session) const;
    void make_place(const std::string& account, int slot, Effects& effects);
    void end_adopted_twin(const Process& leader, const Now& now, Effects& effects);
    void settle(Waiting login, Verdict verdict, const Now& now, Effects& effects);
    void grant(Waiting login, Verdict verdict, const Now& now, Effects& effects);
    void note_told(const std::string& account, const SessionId& id, Effects& effects);
    void supersede(Waiting& login, const Now& now, Effects& effects);
    static void note_superseding(Waiting& login, Affairs& account, const Now& now, Effects& effects);
    void begin_contest(const Claim& claim, const Now& now, Effects& effects);
    void serve_waiting(const std::string& account, const Now& now, Effects& effects);
    void expire(const Process& leader, const Now& now, Effects& effects);
    void forget_if_empty(const std::string& account);
    void fade_contests(const Now& now);
    void begin_ending(LiveSession& session, Reason reason, std::optional<protocol::Origin> successor,
                      Effects& effects);
    void over(const SessionId& id, Reason reason, const Now& now, Effects& effects);

    LiveSessions live_;
    std::unordered_map<std::string, Affairs> affairs_;      ///< only of accounts of which there are any
    std::set<std::pair<std::int64_t, std::string>> fading_; ///< when to look whether a contest has faded
};

} // namespace solo
