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

Answer answer(const Claim& claim, Verdict verdict, std::optional<SessionId> id = std::nullopt) {
    return {.request = claim.request,
            .verdict = std::move(verdict),
            .id = id,
            .superseded = std::nullopt,
            .superseded_before = std::nullopt};
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

Registry::Terms::Terms(const Rules& rules)
    : grace_time{rules.grace_time.value}, on_leader_exit{rules.on_leader_exit.value},
      reveal_holder{rules.reveal_holder.value} {}

void Registry::open(Claim claim, const Now& now, Effects& effects) {
    fade_contests(now);
    Verdict verdict = decide(claim, now);
    const std::string account = claim.account.name;
    const AccountState* const state = state_of(account);
    const bool is_waited_for = state != nullptr && !state->seen().waiting.empty();
    const bool takes_turn = verdict.because == Verdict::Because::free_slot && is_waited_for;
    Waiting login{std::move(claim), std::nullopt, std::nullopt};
    if (verdict.decision == Decision::supersede || takes_turn) {
        accounts_[account].own().waiting.push_back(std::move(login));
        serve_waiting(account, now, effects);
    } else {
        settle(std::move(login), std::move(verdict), now, effects);
    }
}

/// Does what the verdict says of a login that need not wait (any longer).
void Registry::settle(Waiting login, Verdict verdict, const Now& now, Effects& effects) {
    using Because = Verdict::Because;
    if (verdict.because == Because::retried) {
        Tracked& retried = *tracked(find_retried(login.claim)->id);
        retried.line = Line::open;
        Traces traces = retried.session.traces;
        if (login.claim.traces.line_inode) // it has another line now
            traces.line_inode = login.claim.traces.line_inode;
        observe(retried.session.id, std::move(traces), effects);
        effects.push_back(answer(login.claim, std::move(verdict), retried.session.id));
    } else if (verdict.decision == Decision::grant && verdict.because != Because::joined) {
        grant(std::move(login), std::move(verdict), now, effects);
    } else {
        if (verdict.because == Because::contest)
            begin_contest(login.claim, now, effects);
        effects.push_back(answer(login.claim, std::move(verdict)));
    }
}

bool Registry::abandon(const std::string& account, RequestId request, const Now& now, Effects& effects) {
    const auto known = accounts_.find(account);
    if (known == accounts_.end())
        return false;
    auto& waiting = known->second.own().waiting;
    const auto is_meant = [&](const Waiting& login) { return login.claim.request == request; };
    const auto found = std::ranges::find_if(waiting, is_meant);
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
    set_state(confirmed->session, State::active);
    effects.push_back(Record{confirmed->session});
    note_told(confirmed->session, effects);
}

void Registry::close(const SessionId& id, const Now& now, Effects& effects) {
    const Tracked* const closed = tracked(id);
    if (closed != nullptr && closed->session.state != State::ending)
        over(id, Reason::logout, now, effects);
}

void Registry::line_closed(const SessionId& id, const Now& now, Effects& effects) {
    Tracked* const closed = tracked(id);
    if (closed == nullptr)
        return;
    closed->line = Line::closed;
    if (closed->session.state == State::opening)
        over(id, Reason::unconfirmed, now, effects);
}

void Registry::leader_exited(const SessionId& id, const Now& now, Effects& effects) {
    Tracked* const left = tracked(id);
    if (left == nullptr || left->session.state == State::ending)
        return;
    const Reason reason = left->session.state == State::opening ? Reason::unconfirmed : Reason::leader_exited;
    if (left->line == Line::closed || left->terms.on_leader_exit == OnLeaderExit::release) {
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

void Registry::gone(const SessionId& id, const Now& now, Effects& effects) {
    const Tracked* const ended = tracked(id);
    if (ended != nullptr && ended->session.state == State::ending)
        over(id, *ended->session.reason, now, effects);
}

void Registry::stuck(const SessionId& id, const Now& now, Effects& effects) {
    Tracked* const ended = tracked(id);
    if (ended == nullptr || ended->session.state != State::ending)
        return;
    ended->is_stuck = true;
    serve_waiting(std::string{ended->session.account}, now, effects);
}

void Registry::restore(Session session, const Rules& rules, Survival survival, const Now& now,
                       Effects& effects) {
    const SessionId id = session.id;
    const bool was_ending = session.state == State::ending;
    const bool was_active = session.state == State::active;
    const Reason reason = was_ending ? session.reason.value_or(Reason::lost) : Reason::lost;
    session.state = State::active; // an opening one may have been granted: its login program knows
    session.reason.reset();
    if (session.slot)
        make_place(session.account, *session.slot, effects);
    track({.session = std::move(session), .terms = Terms{rules}, .line = Line::unknown});
    Tracked& restored = *tracked(id);
    if (const auto account = accounts_.find(restored.session.account); account != accounts_.end())
        std::ranges::sort(account->second.holders);
    const bool is_kept =
        survival == Survival::remains && (was_ending || rules.on_leader_exit.value == OnLeaderExit::end);
    if (survival == Survival::alive && !was_ending) {
        if (!was_active)
            effects.push_back(Record{restored.session});
    } else if (survival == Survival::alive || is_kept) {
        begin_ending(restored, reason, std::nullopt, effects);
    } else {
        over(id, reason, now, effects);
    }
}

void Registry::learn_groups(const SessionId& id, std::vector<std::uint32_t> gids, const Rules& rules,
                            Effects& effects) {
    Tracked* const known = tracked(id);
    if (known == nullptr)
        return;
    known->session.gids = std::move(gids);
    known->terms = Terms{rules};
    effects.push_back(Record{known->session});
}

/// Whoever was granted the slot before it was known who holds it moves to another one, which may be one too
/// many. The database knows nothing of that grant yet.
void Registry::make_place(const std::string& account, int slot, Effects& effects) {
    const auto slots = slots_of(account);
    const auto taken = std::ranges::find(slots, slot, &Slot::number);
    if (taken == slots.end())
        return;
    const auto is_restored = [](const Tracked* holder) { return holder->line == Line::unknown; };
    if (std::ranges::any_of(taken->holders, is_restored)) // they share it
        return;
    const int free = lowest_free_slot(slots);
    for (const Tracked* const holder : taken->holders) {
        Session& moved = tracked(holder->session.id)->session;
        moved.slot = free;
        effects.push_back(Record{moved});
    }
}

void Registry::restore(AccountNote note) {
    const std::string account = note.account;
    Affairs& affairs = accounts_[account].own();
    if (affairs.note.is_empty())
        affairs.note = std::move(note);
}

void Registry::adopt(Session session, const Ruling& ruling, const Now& now, Effects& effects) {
    const Rules& rules = ruling.rules;
    session.state = State::active;
    if (ruling.kind == Ruling::Kind::limited)
        take_slot(rules, session);
    session.expires = expiry(rules, now);
    effects.push_back(Record{session});
    track({.session = std::move(session), .terms = Terms{rules}, .line = Line::unknown});
}

std::optional<std::int64_t> Registry::renew(const SessionId& id, const Now& now, Effects& effects) {
    Tracked* const renewed = tracked(id);
    if (renewed == nullptr || !renewed->session.lease || renewed->session.state != State::active)
        return std::nullopt;
    Session& session = renewed->session;
    if (*session.deadline() <= now.boot) // it is over, even if tick() comes only now
        return std::nullopt;
    deadlines_.erase({*session.deadline(), id});
    session.lease->lapses = after(now, session.lease->ttl);
    deadlines_.emplace(*session.deadline(), id);
    effects.push_back(Record{session});
    return session.deadline();
}

/// A lease is over at once; a login's processes have to be ended first.
void Registry::tick(const Now& now, Effects& effects) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now.boot) {
        const SessionId id = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        const Session& due = tracked(id)->session;
        if (due.state == State::ending)
            continue;
        if (due.lease)
            over(id, due.lease->lapses == due.deadline() ? Reason::lease_lapsed : Reason::expired, now,
                 effects);
        else
            expire(due.leader, now, effects);
    }
}

/// Ends the leader's sessions that have reached their time as soon as no other of them is to stay.
void Registry::expire(const Process& leader, const Now& now, Effects& effects) {
    const auto is_due = [&](const Session& session) {
        return session.deadline().value_or(now.boot + 1) <= now.boot;
    };
    const auto led = led_by(leader);
    if (!std::ranges::all_of(led, is_due, &Tracked::session))
        return;
    for (Tracked* const due : led)
        if (due->session.state != State::ending)
            begin_ending(*due, Reason::expired, std::nullopt, effects);
}

std::optional<std::int64_t> Registry::next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first};
}

bool Registry::unlock(const std::string& account, const Now& now, Effects& effects) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end())
        return false;
    Affairs& affairs = found->second.own();
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

bool Registry::has_holders(const std::string& account) const {
    const AccountState* const state = state_of(account);
    return state != nullptr && !state->holders.empty();
}

bool Registry::shares_leader(const Session& session) const {
    const auto [first, last] = led_by_.equal_range(session.leader.pid);
    return std::any_of(first, last, [&](const auto& entry) {
        const Session& other = *find(entry.second);
        return other.id != session.id && other.leader == session.leader;
    });
}

/// Oldest first.
std::vector<Registry::Tracked*> Registry::led_by(const Process& leader) {
    std::vector<Tracked*> led;
    const auto [first, last] = led_by_.equal_range(leader.pid);
    for (auto entry = first; entry != last; ++entry) {
        Tracked* const session = tracked(entry->second);
        if (session->session.leader == leader)
            led.push_back(session);
    }
    std::ranges::sort(led, {}, [](const Tracked* one) { return one->session.id; });
    return led;
}

std::vector<AccountNote> Registry::notes() const {
    std::vector<AccountNote> all;
    for (const auto& [name, account] : accounts_)
        if (const AccountNote& note = account.seen().note; !note.is_empty())
            all.push_back(note);
    return all;
}

std::vector<const Session*> Registry::sessions() const {
    std::vector<const Session*> all;
    all.reserve(sessions_.size());
    for (const auto& [id, tracked] : sessions_)
        all.push_back(&tracked.session);
    return all;
}

std::vector<const Session*> Registry::sessions_after(const SessionId& id, std::size_t count) const {
    std::vector<const Session*> found;
    for (auto next = sessions_.upper_bound(id); next != sessions_.end() && found.size() < count; ++next)
        found.push_back(&next->second.session);
    return found;
}

std::vector<const Session*> Registry::sessions_before(const SessionId& id, std::size_t count) const {
    std::vector<const Session*> found;
    for (auto next = sessions_.lower_bound(id); next != sessions_.begin() && found.size() < count;)
        found.push_back(&(--next)->second.session);
    return found;
}

const Registry::Affairs& Registry::AccountState::seen() const {
    static const Affairs none;
    return affairs == nullptr ? none : *affairs;
}

Registry::Affairs& Registry::AccountState::own() {
    if (affairs == nullptr)
        affairs = std::make_unique<Affairs>();
    return *affairs;
}

Registry::Tracked* Registry::tracked(const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

void Registry::track(Tracked tracked) {
    const Session& session = tracked.session;
    if (session.slot)
        accounts_[session.account].holders.push_back(session.id);
    if (session.has_leader())
        led_by_.emplace(session.leader.pid, session.id);
    if (const auto deadline = session.deadline())
        deadlines_.emplace(*deadline, session.id);
    ++counts_.at(static_cast<std::size_t>(session.state));
    sessions_.emplace_hint(sessions_.end(), session.id, std::move(tracked));
}

void Registry::set_state(Session& session, State state) {
    --counts_.at(static_cast<std::size_t>(session.state));
    ++counts_.at(static_cast<std::size_t>(state));
    session.state = state;
}

void Registry::grant(Waiting login, Verdict verdict, const Now& now, Effects& effects) {
    const Claim& claim = login.claim;
    const bool is_free_slot = verdict.because == Verdict::Because::free_slot;
    Session session = session_of(claim, now);
    if (is_free_slot || verdict.because == Verdict::Because::same_origin)
        take_slot(claim.ruling.rules, session);
    const Rules& rules = claim.ruling.rules;
    track({.session = session, .terms = Terms{rules}});
    effects.push_back(Record{session});
    Answer granted = answer(claim, std::move(verdict), session.id);
    granted.superseded = std::move(login.superseded);
    granted.superseded_before = std::move(login.superseded_before);
    if (is_free_slot && !login.has_superseded) {
        AccountState& state = accounts_.at(session.account);
        if (state.seen().note.superseded && !state.seen().telling) {
            granted.superseded_before = state.seen().note.superseded;
            state.own().telling = session.id;
            if (session.lease) // nobody confirms it
                note_told(session, effects);
        }
    }
    effects.push_back(std::move(granted));
}

/// If the session's login has been told of a superseding, it knows now, and nobody is told again.
void Registry::note_told(const Session& session, Effects& effects) {
    const auto found = accounts_.find(session.account);
    if (found == accounts_.end() || found->second.seen().telling != session.id)
        return;
    Affairs& affairs = found->second.own();
    affairs.telling.reset();
    affairs.note.superseded.reset();
    effects.push_back(RecordNote{affairs.note});
}

/// The slot of a holder from the same origin where the session may share it, else the lowest that is free.
void Registry::take_slot(const Rules& rules, Session& session) const {
    const auto slots = slots_of(session.account);
    const Slot* const shared = find_shareable(rules, session.origin, slots);
    session.slot = shared != nullptr ? shared->number : lowest_free_slot(slots);
    const auto is_taken = [&](const Tracked* holder) { return holder->session.share == session.share; };
    while (shared != nullptr && std::ranges::any_of(shared->holders, is_taken))
        ++session.share;
}

/// Begins to end those who make room for the login, unless they are ending already.
void Registry::supersede(Waiting& login, const Now& now, Effects& effects) {
    const Claim& claim = login.claim;
    const Rules& rules = claim.ruling.rules;
    std::vector<SessionId> superseded;
    for (const Slot& slot : who_makes_room(slots_of(claim.account.name), rules.max_sessions.value)) {
        for (const Tracked* const holder : slot.holders)
            if (holder->session.state != State::ending)
                superseded.push_back(holder->session.id);
    }
    if (superseded.empty())
        return;
    Affairs& account = accounts_.at(claim.account.name).own();
    account.contest.count(now, rules);
    fading_.emplace(account.contest.fades(), claim.account.name);
    note_superseding(login, account, now, effects);
    for (const SessionId& id : superseded)
        begin_ending(*tracked(id), Reason::superseded, claim.origin, effects);
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
    AccountState& state = accounts_.at(claim.account.name);
    Affairs& account = state.own();
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
    const auto is_own = [&](const Session& session) { return session.account == claim.account.name; };
    for (const SessionId& id : state.holders)
        if (std::ranges::all_of(led_by(tracked(id)->session.leader), is_own, &Tracked::session))
            end(id, Reason::terminated, effects);
}

/// Serves the logins that wait for a slot of this account, in their order, as far as that goes now.
void Registry::serve_waiting(const std::string& account, const Now& now, Effects& effects) {
    const auto found = accounts_.find(account);
    if (found == accounts_.end())
        return;
    AccountState& state = found->second;
    while (!state.seen().waiting.empty()) {
        auto& waiting = state.own().waiting;
        Verdict verdict = decide(waiting.front().claim, now);
        if (verdict.decision == Decision::supersede) {
            supersede(waiting.front(), now, effects);
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
    AccountState& state = accounts_.at(account);
    if (state.seen().is_empty())
        state.affairs.reset();
    if (state.holders.empty() && state.affairs == nullptr)
        accounts_.erase(account);
}

/// Forgets contests that say nothing any more.
void Registry::fade_contests(const Now& now) {
    while (!fading_.empty() && fading_.begin()->first <= now.boot) {
        const std::string account = fading_.begin()->second;
        fading_.erase(fading_.begin());
        const auto found = accounts_.find(account);
        if (found == accounts_.end() || found->second.seen().contest.fades() > now.boot)
            continue;
        found->second.own().contest.forget();
        forget_if_empty(account);
    }
}

void Registry::begin_ending(Tracked& tracked, Reason reason, std::optional<protocol::Origin> successor,
                            Effects& effects) {
    set_state(tracked.session, State::ending);
    tracked.session.reason = reason;
    effects.push_back(Record{tracked.session});
    effects.push_back(BeginEnding{.session = tracked.session,
                                  .grace_time = tracked.terms.grace_time,
                                  .successor = std::move(successor),
                                  .reveal_holder = tracked.terms.reveal_holder});
}

/// Ends the record, frees the slot and serves who waited for it.
void Registry::over(SessionId id, Reason reason, const Now& now, Effects& effects) {
    Session session = std::move(sessions_.extract(id).mapped().session);
    --counts_.at(static_cast<std::size_t>(session.state));
    const auto [first, last] = led_by_.equal_range(session.leader.pid);
    if (const auto entry = std::find_if(first, last, [&](const auto& led) { return led.second == id; });
        entry != last)
        led_by_.erase(entry);
    if (const auto deadline = session.deadline())
        deadlines_.erase({*deadline, id});

    session.state = State::ended;
    session.reason = reason;
    session.ended = now.wall;
    if (session.slot) {
        AccountState& account = accounts_.at(session.account);
        std::erase(account.holders, id);
        if (reason == Reason::superseded && !account.seen().waiting.empty()) {
            Waiting& successor = account.own().waiting.front();
            session.superseded_by = successor.claim.id;
            successor.superseded = session;
        }
        if (reason == Reason::logout) // its login program has its answer
            note_told(session, effects);
        else if (account.seen().telling == id)
            account.own().telling.reset();
    }
    const std::string name = session.account;
    const Process leader = session.leader;
    effects.push_back(Record{std::move(session)});
    for (const Tracked* const left : led_by(leader)) // tick() looks again at those that waited for this one
        if (const auto deadline = left->session.deadline())
            deadlines_.emplace(*deadline, left->session.id);
    serve_waiting(name, now, effects);
}

} // namespace solo
