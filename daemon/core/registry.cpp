// SPDX-License-Identifier: MIT
#include "daemon/core/registry.hpp"

#include <algorithm>
#include <utility>

namespace solo {

using protocol::Decision;

namespace {

Answer answer(const Claim& claim, Verdict verdict, std::optional<SessionId> id = std::nullopt) {
    return {.request = claim.request, .verdict = std::move(verdict), .id = id};
}

Session session_of(const Claim& claim, std::optional<int> slot, std::int64_t now) {
    return {.id = claim.id,
            .account = claim.account.name,
            .uid = claim.account.uid,
            .state = State::opening,
            .reason = std::nullopt,
            .origin = claim.origin,
            .leader = claim.leader,
            .slot = slot,
            .opened = now,
            .ended = std::nullopt,
            .superseded_by = std::nullopt,
            .nonce = claim.nonce,
            .traces = {}};
}

std::string conflict_rule(const Rules& rules) {
    return rules.on_conflict.source.section + " OnConflict";
}

} // namespace

void Registry::open(Claim claim, std::int64_t now, Effects& effects) {
    Verdict verdict = decide(claim);
    const std::string account = claim.account.name;
    const bool takes_turn = verdict.because == Verdict::Because::free_slot && is_waited_for(account);
    if (verdict.decision == Decision::supersede || takes_turn) {
        accounts_[account].waiting.push_back(std::move(claim));
        serve_waiting(account, now, effects);
    } else {
        settle(claim, std::move(verdict), now, effects);
    }
}

/// Does what the verdict says of a login that need not wait (any longer).
void Registry::settle(const Claim& claim, Verdict verdict, std::int64_t now, Effects& effects) {
    using Because = Verdict::Because;
    if (verdict.because == Because::retried) {
        Tracked& retried = *tracked(find_retried(claim)->id);
        retried.line = Line::open;
        effects.push_back(answer(claim, std::move(verdict), retried.session.id));
    } else if (verdict.decision == Decision::grant && verdict.because != Because::joined) {
        grant(claim, verdict, now, effects);
    } else {
        effects.push_back(answer(claim, std::move(verdict)));
    }
}

Verdict Registry::decide(const Claim& claim) const {
    using Because = Verdict::Because;
    if (claim.ruling.kind == Ruling::Kind::ignored)
        return {Decision::ignore, Because::not_a_login, std::nullopt, claim.ruling.rule};
    if (find_retried(claim) != nullptr)
        return {Decision::grant, Because::retried, std::nullopt, "nonce"};
    if (claim.ruling.kind == Ruling::Kind::exempt)
        return {Decision::grant, Because::exempt, std::nullopt, claim.ruling.rule};
    const Session* const outer = claim.inside ? find(*claim.inside) : nullptr;
    if (outer != nullptr && outer->account == claim.account.name && outer->state == State::active)
        return {Decision::grant, Because::joined, std::nullopt, "session " + outer->id.text()};
    const auto holders = holders_of(claim.account.name);
    const auto& limit = claim.ruling.rules.max_sessions;
    if (std::cmp_less(holders.size(), limit.value))
        return {Decision::grant, Because::free_slot, std::nullopt, limit.source.section + " MaxSessions"};
    return decide_contested(claim, holders);
}

/// No slot is free. Superseding needs every holder that has to make room to be able to go.
Verdict Registry::decide_contested(const Claim& claim, const std::vector<const Tracked*>& holders) const {
    using Because = Verdict::Because;
    const Rules& rules = claim.ruling.rules;
    Verdict verdict{Decision::refuse, Because::occupied, std::nullopt, conflict_rule(rules)};
    if (!holders.empty())
        verdict.holder = holders.front()->session;
    if (!rules.enforce.value) {
        verdict.decision = Decision::grant;
        verdict.because = Because::trial;
        verdict.rule = rules.enforce.source.section + " Enforce";
        return verdict;
    }
    if (rules.on_conflict.value == OnConflict::refuse || rules.max_sessions.value < 1)
        return verdict;
    for (const Tracked* const holder : who_makes_room(holders, rules.max_sessions.value)) {
        verdict.holder = holder->session;
        if (holder->is_stuck) {
            verdict.because = Because::not_gone;
        } else if (holder->session.leader == claim.leader || shares_leader(holder->session)) {
            verdict.because = Because::shared_leader;
        }
        if (verdict.because != Because::occupied)
            return verdict;
    }
    verdict.holder = holders.front()->session;
    verdict.decision = Decision::supersede;
    return verdict;
}

bool Registry::abandon(const std::string& account, RequestId request, std::int64_t now, Effects& effects) {
    const auto known = accounts_.find(account);
    if (known == accounts_.end())
        return false;
    auto& waiting = known->second.waiting;
    const auto found = std::ranges::find(waiting, request, &Claim::request);
    if (found == waiting.end())
        return false;
    waiting.erase(found);
    serve_waiting(account, now, effects);
    return true;
}

void Registry::observe(const SessionId& id, Traces traces, Effects& effects) {
    Tracked* const observed = tracked(id);
    if (observed == nullptr || observed->session.traces == traces)
        return;
    observed->session.traces = traces;
    effects.push_back(Record{observed->session});
}

void Registry::confirm(const SessionId& id, Effects& effects) {
    Tracked* const confirmed = tracked(id);
    if (confirmed == nullptr || confirmed->session.state != State::opening)
        return;
    confirmed->session.state = State::active;
    effects.push_back(Record{confirmed->session});
}

void Registry::close(const SessionId& id, std::int64_t now, Effects& effects) {
    const Tracked* const closed = tracked(id);
    if (closed != nullptr && closed->session.state != State::ending)
        over(id, Reason::logout, now, effects);
}

void Registry::line_closed(const SessionId& id, std::int64_t now, Effects& effects) {
    Tracked* const closed = tracked(id);
    if (closed == nullptr)
        return;
    closed->line = Line::closed;
    if (closed->session.state == State::opening)
        over(id, Reason::unconfirmed, now, effects);
}

void Registry::leader_exited(const SessionId& id, std::int64_t now, Effects& effects) {
    Tracked* const left = tracked(id);
    if (left == nullptr || left->session.state == State::ending)
        return;
    const Reason reason = left->session.state == State::opening ? Reason::unconfirmed : Reason::leader_exited;
    if (left->line == Line::closed || left->on_leader_exit == OnLeaderExit::release) {
        over(id, reason, now, effects);
    } else {
        begin_ending(*left, reason, std::nullopt, effects);
    }
}

void Registry::end(const SessionId& id, Reason reason, Effects& effects) {
    Tracked* const ended = tracked(id);
    if (ended != nullptr && ended->session.state != State::ending)
        begin_ending(*ended, reason, std::nullopt, effects);
}

void Registry::gone(const SessionId& id, std::int64_t now, Effects& effects) {
    const Tracked* const ended = tracked(id);
    if (ended != nullptr && ended->session.state == State::ending)
        over(id, *ended->session.reason, now, effects);
}

void Registry::stuck(const SessionId& id, std::int64_t now, Effects& effects) {
    Tracked* const ended = tracked(id);
    if (ended == nullptr || ended->session.state != State::ending)
        return;
    ended->is_stuck = true;
    serve_waiting(std::string{ended->session.account}, now, effects);
}

void Registry::restore(Session session, const Rules& rules, Survival survival, std::int64_t now,
                       Effects& effects) {
    const SessionId id = session.id;
    const bool was_ending = session.state == State::ending;
    const Reason reason = was_ending ? session.reason.value_or(Reason::lost) : Reason::lost;
    session.state = State::active; // an opening one may have been granted: its login program knows
    session.reason.reset();
    track({.session = std::move(session),
           .grace_time = rules.grace_time.value,
           .on_leader_exit = rules.on_leader_exit.value,
           .line = Line::unknown});
    Tracked& restored = *tracked(id);
    const bool is_kept =
        survival == Survival::remains && (was_ending || rules.on_leader_exit.value == OnLeaderExit::end);
    if (survival == Survival::alive && !was_ending) {
        effects.push_back(Record{restored.session});
    } else if (survival == Survival::alive || is_kept) {
        begin_ending(restored, reason, std::nullopt, effects);
    } else {
        over(id, reason, now, effects);
    }
}

const Session* Registry::find(const SessionId& id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second.session;
}

const Session* Registry::find_led_by(const Process& leader) const {
    const auto [first, last] = led_by_.equal_range(leader.pid);
    for (auto entry = first; entry != last; ++entry) {
        if (const Session* const session = find(entry->second); session->leader == leader)
            return session;
    }
    return nullptr;
}

bool Registry::shares_leader(const Session& session) const {
    const auto [first, last] = led_by_.equal_range(session.leader.pid);
    return std::any_of(first, last, [&](const auto& entry) {
        const Session& other = *find(entry.second);
        return other.id != session.id && other.leader == session.leader;
    });
}

std::vector<const Session*> Registry::sessions() const {
    std::vector<const Session*> all;
    all.reserve(sessions_.size());
    for (const auto& [id, tracked] : sessions_)
        all.push_back(&tracked.session);
    std::ranges::sort(all, {}, &Session::id);
    return all;
}

Registry::Tracked* Registry::tracked(const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

std::vector<const Registry::Tracked*> Registry::holders_of(const std::string& account) const {
    std::vector<const Tracked*> holders;
    const auto found = accounts_.find(account);
    if (found == accounts_.end())
        return holders;
    for (const SessionId& id : found->second.holders)
        holders.push_back(&sessions_.at(id));
    return holders;
}

/// The session that this very claim was granted before its answer was lost.
const Session* Registry::find_retried(const Claim& claim) const {
    const auto [first, last] = led_by_.equal_range(claim.leader.pid);
    for (auto entry = first; entry != last; ++entry) {
        const Session& session = *find(entry->second);
        const bool is_same = session.nonce == claim.nonce && session.leader == claim.leader &&
                             session.account == claim.account.name;
        if (is_same && session.state != State::ending)
            return &session;
    }
    return nullptr;
}

bool Registry::is_waited_for(const std::string& account) const {
    const auto found = accounts_.find(account);
    return found != accounts_.end() && !found->second.waiting.empty();
}

int Registry::lowest_free_slot(const std::string& account) const {
    const auto holders = holders_of(account);
    int slot = 0;
    const auto is_taken = [&](const Tracked* holder) { return holder->session.slot == slot; };
    while (std::ranges::any_of(holders, is_taken))
        ++slot;
    return slot;
}

void Registry::track(Tracked tracked) {
    const Session& session = tracked.session;
    if (session.slot)
        accounts_[session.account].holders.push_back(session.id);
    led_by_.emplace(session.leader.pid, session.id);
    sessions_.emplace(session.id, std::move(tracked));
}

void Registry::grant(const Claim& claim, const Verdict& verdict, std::int64_t now, Effects& effects) {
    const bool needs_slot = verdict.because == Verdict::Because::free_slot;
    const auto slot = needs_slot ? std::optional{lowest_free_slot(claim.account.name)} : std::nullopt;
    const Session session = session_of(claim, slot, now);
    track({.session = session,
           .grace_time = claim.ruling.rules.grace_time.value,
           .on_leader_exit = claim.ruling.rules.on_leader_exit.value});
    effects.push_back(Record{session});
    effects.push_back(answer(claim, verdict, session.id));
}

/// The holders that have to be gone before a login with this limit finds a slot: first those that are going
/// anyway, so that nobody loses a session to make room that comes about by itself, then the oldest.
std::vector<const Registry::Tracked*> Registry::who_makes_room(std::vector<const Tracked*> holders,
                                                               int limit) {
    const auto is_going = [](const Tracked* holder) {
        return holder->session.state == State::ending && !holder->is_stuck;
    };
    std::ranges::stable_partition(holders, is_going);
    holders.resize(holders.size() - static_cast<std::size_t>(limit) + 1);
    return holders;
}

/// Begins to end those who make room for the claim, unless they are ending already.
void Registry::supersede(const Claim& claim, Effects& effects) {
    const int limit = claim.ruling.rules.max_sessions.value;
    for (const Tracked* const in_the_way : who_makes_room(holders_of(claim.account.name), limit)) {
        Tracked& holder = *tracked(in_the_way->session.id);
        if (holder.session.state != State::ending)
            begin_ending(holder, Reason::superseded, claim.origin, effects);
    }
}

/// Serves the logins that wait for a slot of this account, in their order, as far as that goes now.
void Registry::serve_waiting(const std::string& account, std::int64_t now, Effects& effects) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end())
        return;
    auto& waiting = found->second.waiting;
    while (!waiting.empty()) {
        Verdict verdict = decide(waiting.front());
        if (verdict.decision == Decision::supersede) {
            supersede(waiting.front(), effects);
            return;
        }
        const Claim claim = std::move(waiting.front());
        waiting.pop_front();
        settle(claim, std::move(verdict), now, effects);
    }
    if (found->second.holders.empty())
        accounts_.erase(found);
}

void Registry::begin_ending(Tracked& tracked, Reason reason, std::optional<protocol::Origin> successor,
                            Effects& effects) {
    tracked.session.state = State::ending;
    tracked.session.reason = reason;
    effects.push_back(Record{tracked.session});
    effects.push_back(BeginEnding{tracked.session, tracked.grace_time, std::move(successor)});
}

/// Ends the record, frees the slot and serves who waited for it.
void Registry::over(SessionId id, Reason reason, std::int64_t now, Effects& effects) {
    Session session = std::move(sessions_.at(id).session);
    sessions_.erase(id);
    const auto [first, last] = led_by_.equal_range(session.leader.pid);
    led_by_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == id; }));

    session.state = State::ended;
    session.reason = reason;
    session.ended = now;
    const auto account = accounts_.find(session.account);
    if (session.slot)
        std::erase(account->second.holders, id);
    if (reason == Reason::superseded && account != accounts_.end() && !account->second.waiting.empty())
        session.superseded_by = account->second.waiting.front().id;
    const std::string name = session.account;
    effects.push_back(Record{std::move(session)});
    serve_waiting(name, now, effects);
}

} // namespace solo
