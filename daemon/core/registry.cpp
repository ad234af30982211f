// SPDX-License-Identifier: MIT
#include "daemon/core/registry.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace solo {

using protocol::Decision;

namespace {

std::int64_t after(const Now& now, std::chrono::milliseconds time) {
    return now.boot + std::chrono::microseconds{time}.count();
}

/// When a session that begins now has lasted long enough. In a trial run nobody loses a session.
std::optional<std::int64_t> expiry(const Rules& rules, const Now& now) {
    const TimeLimit& lifetime = rules.max_lifetime.value;
    return lifetime && rules.enforce.value ? std::optional{after(now, *lifetime)} : std::nullopt;
}

/// The session that this claim becomes, but for its slot. A lease that has waited lasts its ttl all the same.
Session session_of(const Claim& claim, const Now& now) {
    std::optional<Lease> lease = claim.lease;
    if (lease)
        lease->lapses = after(now, lease->ttl);
    return {.id = claim.id,
            .account = claim.account.name,
            .uid = claim.account.uid,
            .gids = claim.account.gids.value_or(std::vector<std::uint32_t>{}),
            .state = claim.lease ? State::active : State::opening,
            .reason = std::nullopt,
            .origin = claim.origin,
            .leader = claim.leader,
            .slot = std::nullopt,
            .opened = now.wall,
            .ended = std::nullopt,
            .superseded_by = std::nullopt,
            .nonce = claim.nonce,
            .traces = claim.traces,
            .expires = expiry(claim.ruling.rules, now),
            .lease = lease};
}

} // namespace

Answer Registry::answer(const Waiting& login, Verdict verdict, std::optional<SessionId> id) {
    return {.request = login.claim.request,
            .verdict = std::move(verdict),
            .id = id,
            .superseded = std::nullopt,
            .superseded_before = std::nullopt,
            .has_waited = login.has_waited};
}

void Registry::open(Claim claim, const Now& now, Effects& effects) {
    fade_contests(now);
    Verdict verdict = decide(claim, now);
    const std::string account = claim.account.name;
    const bool is_waited_for = !affairs_of(account).waiting.empty();
    const bool takes_turn = verdict.because == Verdict::Because::free_slot && is_waited_for;
    Waiting login{std::move(claim), std::nullopt, std::nullopt};
    if (verdict.decision != Decision::supersede && !takes_turn) {
        settle(std::move(login), std::move(verdict), now, effects);
        return;
    }
    affairs_[account].waiting.push_back(std::move(login));
    serve_waiting(account, now, effects);
}

/// Does what the verdict says of a login that need not wait (any longer).
void Registry::settle(Waiting login, Verdict verdict, const Now& now, Effects& effects) {
    using Because = Verdict::Because;
    if (verdict.because == Because::retried) {
        LiveSession& retried = *live_.find(find_retried(login.claim)->id);
        retried.line = Line::open;
        Traces traces = retried.traces();
        if (login.claim.traces.line_inode) // it has another line now
            traces.line_inode = login.claim.traces.line_inode;
        if (retried.traces() != traces) {
            retried.set_traces(traces);
            effects.push_back(Record{retried.full()});
        }
        effects.push_back(answer(login, std::move(verdict), retried.id));
    } else if (verdict.decision == Decision::grant && verdict.because != Because::joined) {
        grant(std::move(login), std::move(verdict), now, effects);
    } else {
        if (verdict.because == Because::contest)
            begin_contest(login.claim, now, effects);
        effects.push_back(answer(login, std::move(verdict)));
    }
}

bool Registry::abandon(const std::string& account, RequestId request, const Now& now, Effects& effects) {
    const auto known = affairs_.find(account);
    if (known == affairs_.end())
        return false;
    auto& waiting = known->second.waiting;
    const auto is_meant = [&](const Waiting& login) { return login.claim.request == request; };
    const auto found = std::ranges::find_if(waiting, is_meant);
    if (found == waiting.end())
        return false;
    waiting.erase(found);
    serve_waiting(account, now, effects);
    return true;
}

void Registry::observe(const SessionId& id, const Traces& traces, Effects& effects) {
    LiveSession* const observed = live_.find(id);
    if (observed == nullptr || observed->traces() == traces)
        return;
    observed->set_traces(traces);
    effects.push_back(Record{.session = observed->full(), .can_wait = true});
}

void Registry::confirm(const SessionId& id, std::optional<std::uint32_t> audit_session, Effects& effects) {
    LiveSession* const confirmed = live_.find(id);
    if (confirmed == nullptr)
        return;
    Traces traces = confirmed->traces();
    const bool is_news = confirmed->state == State::opening;
    if (!is_news && (!audit_session || traces.audit_session == audit_session))
        return;
    if (audit_session)
        traces.audit_session = audit_session;
    confirmed->set_traces(traces);
    if (is_news)
        live_.set_state(*confirmed, State::active);
    effects.push_back(Record{.session = confirmed->full(), .can_wait = true});
    if (is_news)
        note_told(std::string{confirmed->account()}, id, effects);
}

void Registry::close(const SessionId& id, const Now& now, Effects& effects) {
    const LiveSession* const closed = live_.find(id);
    if (closed != nullptr && !closed->is_ending())
        over(id, Reason::logout, now, effects);
}

void Registry::line_closed(const SessionId& id, const Now& now, Effects& effects) {
    LiveSession* const closed = live_.find(id);
    if (closed == nullptr)
        return;
    closed->line = Line::closed;
    if (closed->state == State::opening)
        over(id, Reason::unconfirmed, now, effects);
}

void Registry::leader_exited(const SessionId& id, const Now& now, Effects& effects) {
    LiveSession* const left = live_.find(id);
    if (left == nullptr || left->is_ending())
        return;
    const Reason reason = left->state == State::opening ? Reason::unconfirmed : Reason::leader_exited;
    if (left->line == Line::closed || left->terms.on_leader_exit == OnLeaderExit::release) {
        over(id, reason, now, effects);
    } else {
        begin_ending(*left, reason, std::nullopt, effects);
    }
}

void Registry::end(const SessionId& id, Reason reason, Effects& effects) {
    LiveSession* const ended = live_.find(id);
    if (ended != nullptr && !ended->is_ending())
        begin_ending(*ended, reason, std::nullopt, effects);
}

void Registry::gone(const SessionId& id, const Now& now, Effects& effects) {
    const LiveSession* const ended = live_.find(id);
    if (ended != nullptr && ended->is_ending())
        over(id, *ended->reason, now, effects);
}

void Registry::stuck(const SessionId& id, const Now& now, Effects& effects) {
    LiveSession* const ended = live_.find(id);
    if (ended == nullptr || !ended->is_ending())
        return;
    ended->is_stuck = true;
    serve_waiting(std::string{ended->account()}, now, effects);
}

void Registry::restore(Session session, const Rules& rules, Survival survival, const Now& now,
                       Effects& effects) {
    if (session.has_leader())
        end_adopted_twin(session.leader, now, effects);
    const SessionId id = session.id;
    const bool was_ending = session.state == State::ending;
    const bool was_active = session.state == State::active;
    const Reason reason = was_ending ? session.reason.value_or(Reason::lost) : Reason::lost;
    session.state = State::active; // an opening one may have been granted: its login program knows
    session.reason.reset();
    if (session.slot)
        make_place(session.account, *session.slot, effects);
    live_.add(session, Terms{rules}, Line::unknown);
    LiveSession& restored = *live_.find(id);
    const bool is_kept =
        survival == Survival::remains && (was_ending || rules.on_leader_exit.value == OnLeaderExit::end);
    if (survival == Survival::alive && !was_ending) {
        if (!was_active)
            effects.push_back(Record{std::move(session)});
    } else if (survival == Survival::alive || is_kept) {
        begin_ending(restored, reason, std::nullopt, effects);
    } else {
        over(id, reason, now, effects);
    }
}

/// A session that was adopted before its own record could be read.
void Registry::end_adopted_twin(const Process& leader, const Now& now, Effects& effects) {
    const LiveSession* const twin = live_.find_led_by(leader); // it would be the only one
    if (twin != nullptr && twin->nonce() == adopted_nonce)
        close(SessionId{twin->id}, now, effects);
}

void Registry::learn_groups(const SessionId& id, const std::vector<std::uint32_t>& gids, const Rules& rules,
                            Effects& effects) {
    LiveSession* const known = live_.find(id);
    if (known == nullptr)
        return;
    known->set_gids(gids);
    known->terms = Terms{rules};
    effects.push_back(Record{known->full()});
}

/// Whoever was granted the slot before it was known who holds it moves to another one, which may be one too
/// many. The database knows nothing of that grant yet.
void Registry::make_place(const std::string& account, int slot, Effects& effects) {
    const auto slots = slots_of(account);
    const auto taken = std::ranges::find(slots, slot, &Slot::number);
    if (taken == slots.end())
        return;
    const auto is_restored = [](const LiveSession* holder) { return holder->line == Line::unknown; };
    if (std::ranges::any_of(taken->holders, is_restored)) // they share it
        return;
    const int free = lowest_free_slot(slots);
    for (const LiveSession* const holder : taken->holders) {
        LiveSession& moved = *live_.find(holder->id);
        moved.slot = free;
        effects.push_back(Record{moved.full()});
    }
}

void Registry::restore(AccountNote note) {
    const std::string account = note.account;
    Affairs& affairs = affairs_[account];
    if (affairs.note.is_empty())
        affairs.note = std::move(note);
}

void Registry::adopt(Session session, const Ruling& ruling, const Now& now, Effects& effects) {
    const Rules& rules = ruling.rules;
    session.state = State::active;
    session.nonce = adopted_nonce;
    if (ruling.kind == Ruling::Kind::limited)
        take_slot(rules, session);
    session.expires = expiry(rules, now);
    live_.add(session, Terms{rules}, Line::unknown);
    effects.push_back(Record{std::move(session)});
}

std::optional<std::int64_t> Registry::renew(const SessionId& id, const Now& now, Effects& effects) {
    LiveSession* const renewed = live_.find(id);
    if (renewed == nullptr || !renewed->lease || renewed->state != State::active)
        return std::nullopt;
    if (*renewed->deadline() <= now.boot) // it is over, even if tick() comes only now
        return std::nullopt;
    live_.renew(*renewed, after(now, renewed->lease->ttl));
    effects.push_back(Record{renewed->full()});
    return renewed->deadline();
}

/// A lease is over at once; a login's processes have to be ended first.
void Registry::tick(const Now& now, Effects& effects) {
    while (const LiveSession* const due = live_.take_due(now.boot)) {
        if (due->is_ending())
            continue;
        if (due->lease)
            over(due->id, due->lease->lapses == due->deadline() ? Reason::lease_lapsed : Reason::expired, now,
                 effects);
        else
            expire(Process{due->leader}, now, effects);
    }
}

/// Ends the leader's sessions that have reached their time as soon as no other of them is to stay.
void Registry::expire(const Process& leader, const Now& now, Effects& effects) {
    const auto is_due = [&](const LiveSession* session) {
        return session->deadline().value_or(now.boot + 1) <= now.boot;
    };
    const auto led = live_.led_by(leader);
    if (!std::ranges::all_of(led, is_due))
        return;
    for (const LiveSession* const due : led)
        end(due->id, Reason::expired, effects);
}

bool Registry::unlock(const std::string& account, const Now& now, Effects& effects) {
    const auto found = affairs_.find(account);
    if (found == affairs_.end())
        return false;
    Affairs& affairs = found->second;
    const bool was_locked = affairs.note.locked.has_value();
    if (!was_locked && !affairs.contest.is_held(now))
        return false;
    affairs.contest.forget();
    affairs.note.locked.reset();
    if (was_locked)
        effects.push_back(RecordNote{affairs.note});
    serve_waiting(account, now, effects);
    return true;
}

std::optional<Session> Registry::find(const SessionId& id) const {
    const LiveSession* const found = live_.find(id);
    return found == nullptr ? std::nullopt : std::optional{found->full()};
}

bool Registry::is_line_closed(const SessionId& id) const {
    const LiveSession* const found = live_.find(id);
    return found != nullptr && found->line == Line::closed;
}

std::optional<SessionId> Registry::find_led_by(const Process& leader) const {
    const LiveSession* const led = live_.find_led_by(leader);
    return led == nullptr ? std::nullopt : std::optional{led->id};
}

bool Registry::shares_leader(const Session& session) const {
    return std::ranges::any_of(live_.led_by(session.leader),
                               [&](const LiveSession* other) { return other->id != session.id; });
}

std::vector<AccountNote> Registry::notes() const {
    std::vector<AccountNote> all;
    for (const auto& [name, affairs] : affairs_)
        if (!affairs.note.is_empty())
            all.push_back(affairs.note);
    return all;
}

void Registry::grant(Waiting login, Verdict verdict, const Now& now, Effects& effects) {
    const Claim& claim = login.claim;
    const bool is_free_slot = verdict.because == Verdict::Because::free_slot;
    Session session = session_of(claim, now);
    if (is_free_slot || verdict.because == Verdict::Because::same_origin)
        take_slot(claim.ruling.rules, session);
    const Rules& rules = claim.ruling.rules;
    live_.add(session, Terms{rules}, Line::open);
    effects.push_back(Record{session});
    Answer granted = answer(login, std::move(verdict), session.id);
    granted.superseded = std::move(login.superseded);
    granted.superseded_before = std::move(login.superseded_before);
    if (is_free_slot && !login.has_superseded) {
        const auto known = affairs_.find(session.account);
        if (known != affairs_.end() && known->second.note.superseded && !known->second.telling) {
            granted.superseded_before = known->second.note.superseded;
            known->second.telling = session.id;
            if (session.lease) // nobody confirms it
                note_told(session.account, session.id, effects);
        }
    }
    effects.push_back(std::move(granted));
}

/// If the session's login has been told of a superseding, it knows now, and nobody is told again.
void Registry::note_told(const std::string& account, const SessionId& id, Effects& effects) {
    const auto found = affairs_.find(account);
    if (found == affairs_.end() || found->second.telling != id)
        return;
    Affairs& affairs = found->second;
    affairs.telling.reset();
    affairs.note.superseded.reset();
    effects.push_back(RecordNote{affairs.note});
}

/// The slot of a holder from the same origin where the session may share it, else the lowest that is free.
void Registry::take_slot(const Rules& rules, Session& session) const {
    const auto slots = slots_of(session.account);
    const Slot* const shared = find_shareable(rules, session.origin, slots);
    session.slot = shared != nullptr ? shared->number : lowest_free_slot(slots);
    const auto is_taken = [&](const LiveSession* holder) { return holder->share == session.share; };
    while (shared != nullptr && std::ranges::any_of(shared->holders, is_taken))
        ++session.share;
}

/// Begins to end those who make room for the login, unless they are ending already.
void Registry::supersede(Waiting& login, const Now& now, Effects& effects) {
    const Claim& claim = login.claim;
    const Rules& rules = claim.ruling.rules;
    std::vector<SessionId> superseded;
    for (const Slot& slot : who_makes_room(slots_of(claim.account.name), rules.max_sessions.value)) {
        for (const LiveSession* const holder : slot.holders)
            if (!holder->is_ending())
                superseded.push_back(holder->id);
    }
    if (superseded.empty())
        return;
    Affairs& account = affairs_.at(claim.account.name);
    account.contest.count(now, rules);
    fading_.emplace(account.contest.fades(), claim.account.name);
    note_superseding(login, account, now, effects);
    for (const SessionId& id : superseded)
        begin_ending(*live_.find(id), Reason::superseded, claim.origin, effects);
}

/// Whoever logs in next is told of this superseding, whatever becomes of the login that began it. That login
/// is told of the one before.
void Registry::note_superseding(Waiting& login, Affairs& account, const Now& now, Effects& effects) {
    const Claim& claim = login.claim;
    if (!std::exchange(login.has_superseded, true) && !account.telling)
        login.superseded_before = std::move(account.note.superseded);
    account.telling.reset();
    account.note.account = claim.account.name;
    account.note.uid = claim.account.uid;
    account.note.superseded = Supersession{.by = claim.origin, .when = now.wall};
    effects.push_back(RecordNote{account.note});
}

/// One superseding too many: from now on nobody supersedes for a while, or nobody logs in at all.
void Registry::begin_contest(const Claim& claim, const Now& now, Effects& effects) {
    const Rules& rules = claim.ruling.rules;
    Affairs& account = affairs_[claim.account.name];
    account.contest.hold(now, rules);
    fading_.emplace(account.contest.fades(), claim.account.name);
    effects.push_back(Contested{.account = claim.account.name,
                                .uid = claim.account.uid,
                                .action = rules.contest_action.value,
                                .hold = rules.contest_hold.value});
    if (rules.contest_action.value != ContestAction::lock)
        return;
    account.note.account = claim.account.name;
    account.note.uid = claim.account.uid;
    account.note.locked = now.wall;
    effects.push_back(RecordNote{account.note});
    const auto is_own = [&](const LiveSession* session) { return session->account() == claim.account.name; };
    for (const LiveSession* const holder : live_.holders_of(claim.account.name))
        if (std::ranges::all_of(live_.led_by(holder->leader), is_own))
            end(holder->id, Reason::terminated, effects);
}

/// Serves the logins that wait for a slot of this account, in their order, as far as that goes now.
void Registry::serve_waiting(const std::string& account, const Now& now, Effects& effects) {
    const auto found = affairs_.find(account);
    if (found == affairs_.end())
        return;
    auto& waiting = found->second.waiting;
    while (!waiting.empty()) {
        Verdict verdict = decide(waiting.front().claim, now);
        if (verdict.decision == Decision::supersede) {
            supersede(waiting.front(), now, effects);
            for (Waiting& left : waiting)
                left.has_waited = true;
            return;
        }
        Waiting login = std::move(waiting.front());
        waiting.pop_front();
        settle(std::move(login), std::move(verdict), now, effects);
    }
    forget_if_empty(account);
}

/// Nothing is kept of an account of which there is nothing to keep.
void Registry::forget_if_empty(const std::string& account) {
    if (const auto found = affairs_.find(account); found != affairs_.end() && found->second.is_empty())
        affairs_.erase(found);
}

/// Forgets contests that say nothing any more.
void Registry::fade_contests(const Now& now) {
    while (!fading_.empty() && fading_.begin()->first <= now.boot) {
        const std::string account = fading_.begin()->second;
        fading_.erase(fading_.begin());
        const auto found = affairs_.find(account);
        if (found == affairs_.end() || found->second.contest.fades() > now.boot)
            continue;
        found->second.contest.forget();
        forget_if_empty(account);
    }
}

void Registry::begin_ending(LiveSession& session, Reason reason, std::optional<protocol::Origin> successor,
                            Effects& effects) {
    live_.set_state(session, State::ending);
    session.reason = reason;
    effects.push_back(Record{session.full()});
    effects.push_back(BeginEnding{.session = session.full(),
                                  .grace_time = session.terms.grace_time,
                                  .successor = std::move(successor),
                                  .reveal_holder = session.terms.reveal_holder});
}

/// Ends the record, frees the slot and serves who waited for it.
void Registry::over(const SessionId& id, Reason reason, const Now& now, Effects& effects) {
    Session session = live_.remove(id);
    session.state = State::ended;
    session.reason = reason;
    session.ended = now.wall;
    const auto affairs = affairs_.find(session.account);
    if (session.slot && affairs != affairs_.end()) {
        auto& waiting = affairs->second.waiting;
        if (reason == Reason::superseded && !waiting.empty()) {
            session.superseded_by = waiting.front().claim.id;
            waiting.front().superseded = session;
        }
        if (reason == Reason::logout) // its login program has its answer
            note_told(session.account, session.id, effects);
        else if (affairs->second.telling == session.id)
            affairs->second.telling.reset();
    }
    const std::string account = session.account;
    const Process leader = session.leader;
    effects.push_back(Record{std::move(session)});
    // tick() looks again at those that waited for it.
    for (const LiveSession* const left : live_.led_by(leader))
        live_.put_back_due(*left);
    serve_waiting(account, now, effects);
}

} // namespace solo
