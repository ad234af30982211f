// SPDX-License-Identifier: MIT
#include "daemon/local_slots.hpp"

#include "daemon/clock.hpp"
#include "daemon/log.hpp"
#include "daemon/outcome.hpp"
#include "daemon/process_looks.hpp"
#include "daemon/process_set.hpp"
#include "daemon/slot_calls.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <algorithm>

#include <asio/post.hpp>

namespace solo {

using protocol::EventKind;

namespace {

/// How long a start looks for what is left of sessions whose leader is gone. Logins wait meanwhile.
constexpr std::chrono::seconds longest_first_look{1};

Happening happening_of(EventKind kind, const Session& session, std::string message,
                       std::string_view decision = {}, std::string rule = {}) {
    return {.kind = kind,
            .time = wall_time(),
            .uid = session.uid,
            .session = &session,
            .message = std::move(message),
            .account = {},
            .origin = nullptr,
            .decision = decision,
            .rule = std::move(rule)};
}

} // namespace

LocalSlots::LocalSlots(asio::any_io_executor executor, RecordQueue& records, Events& events,
                       const Policy& policy, DescriptorStore& kept, Logind& logind)
    : executor_{executor}, records_{records}, events_{events}, policy_{policy}, kept_{kept}, logind_{logind},
      leaders_{executor,
               [this](const SessionId& id) {
                   registry_.leader_exited(id, now(), batch_);
                   carry_out();
               }},
      looks_{executor},
      ender_{executor,
             looks_,
             [this](const SessionId& id) -> std::optional<SessionEnder::Known> {
                 auto session = find(id);
                 if (!session)
                     return std::nullopt;
                 return SessionEnder::Known{std::move(*session), registry_.is_line_closed(id)};
             },
             [this](std::string id, SessionEnder::Deadline deadline) {
                 return logind_.terminate(std::move(id), deadline);
             },
             [this](const SessionId& id) {
                 registry_.gone(id, now(), batch_);
                 carry_out();
             },
             [this](const SessionId& id) {
                 registry_.stuck(id, now(), batch_);
                 carry_out();
             }},
      deadline_{executor,
                [this] {
                    registry_.tick(now(), batch_);
                    carry_out();
                }},
      limits_{
          executor,
          [this](const SessionId& id, Logind::Clock::time_point deadline) { return idle_hint(id, deadline); },
          [this](const SessionId& id, std::chrono::milliseconds timeout) {
              const auto session = find(id);
              if (session && !shares_leader(*session))
                  end(id, Reason::idle, {.text = idle_text(timeout), .ignores_mesg = false}, {});
          }} {}

void LocalSlots::restore(std::vector<Session> sessions, std::vector<AccountNote> notes) {
    for (AccountNote& note : notes)
        registry_.restore(std::move(note));
    // This run has granted it, or an attempt that failed halfway has taken it over.
    std::erase_if(sessions, [this](const Session& session) { return registry_.has(session.id); });
    auto kept = kept_.take(DescriptorStore::Kind::leader);
    std::map<SessionId, ProcessHandle> leaders;
    for (const Session& session : sessions) {
        std::optional<ProcessHandle> leader;
        if (const auto pidfd = kept.extract(session.id))
            leader = ProcessHandle::adopt(std::move(pidfd.mapped()), session.leader.pid);
        else if (session.has_leader())
            leader = ProcessHandle::open(session.leader);
        if (leader)
            leaders.emplace(session.id, std::move(*leader));
    }
    const auto left = left_behind(sessions, leaders);
    for (Session& session : sessions) {
        const SessionId id = session.id;
        const Rules rules = rules_of(session);
        const auto leader = leaders.find(id);
        const bool has_leader = leader != leaders.end();
        if (has_leader && session.state != State::active && !session.traces.audit_session)
            session.traces.audit_session = own_audit_session(session.leader); // its Confirm was lost
        auto survival = Survival::alive;
        if (session.has_leader() && !has_leader)
            survival = left.contains(id) ? Survival::remains : Survival::nothing;
        registry_.restore(std::move(session), rules, survival, now(), batch_);
        if (has_leader && registry_.has(id))
            watch(id, std::move(leader->second));
        if (const auto restored = registry_.find(id))
            limits_.watch(*restored, rules);
        carry_out();
    }
    for (const auto& [id, pidfd] : kept) // of sessions that are over
        kept_.drop(DescriptorStore::Kind::leader, id);
}

/// Those whose leader is gone and who have left processes behind. One look serves all; where it takes too
/// long, all of them: they are ended then, in their own time, and those are over of whom nobody is found.
std::set<SessionId> LocalSlots::left_behind(const std::vector<Session>& sessions,
                                            const std::map<SessionId, ProcessHandle>& leaders) {
    std::map<SessionId, ProcessSet> remains;
    ProcessQuery query;
    for (const Session& session : sessions) {
        if (!session.has_leader() || leaders.contains(session.id))
            continue;
        const auto [one, is_new] =
            remains.try_emplace(session.id, session, extent_of(session.reason.value_or(Reason::lost)));
        query.merge(one->second.query(true));
    }
    std::set<SessionId> left;
    if (remains.empty())
        return left;
    std::optional<ProcessSnapshot> found;
    try {
        const auto deadline = std::chrono::steady_clock::now() + longest_first_look;
        found = take_snapshot(query, [&] { return std::chrono::steady_clock::now() < deadline; });
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::operation_canceled)
            throw;
    }
    for (auto& [id, processes] : remains) {
        if (found)
            processes.refresh(*found);
        if (!found || !processes.empty())
            left.insert(id);
    }
    return left;
}

void LocalSlots::watch(const SessionId& id, ProcessHandle leader) {
    kept_.keep(DescriptorStore::Kind::leader, id, leader.pidfd());
    leaders_.watch(id, std::move(leader));
}

void LocalSlots::adopt(Session session, const protocol::Account& account) {
    Ruling ruling = policy_.ruling(account, session.origin.service);
    ruling.rules.on_leader_exit.value = OnLeaderExit::release; // see rules_of()
    auto leader = ProcessHandle::open(session.leader);
    if (ruling.kind == Ruling::Kind::ignored || !leader)
        return;
    const SessionId id = session.id;
    session.gids = account.gids.value_or(std::vector<std::uint32_t>{});
    log(Priority::notice, "session {}: adopted: {} was logged in already from {}", id.text(),
        protocol::printable(session.account), origin_text(session.origin));
    registry_.adopt(std::move(session), ruling, now(), batch_);
    limits_.watch(*registry_.find(id), ruling.rules);
    carry_out();
    watch(id, std::move(*leader));
}

void LocalSlots::learn(const SessionId& id, std::string logind_session) {
    const auto session = find(id);
    if (!session)
        return;
    Traces traces = session->traces;
    traces.logind_session = std::move(logind_session);
    registry_.observe(id, traces, batch_);
    carry_out();
}

std::vector<SessionId> LocalSlots::without_groups() const {
    std::vector<SessionId> found;
    for_each_session(*this, [&](const Session& session) {
        if (session.has_leader() && policy_.needs_groups(account_of(session), session.origin.service))
            found.push_back(session.id);
    });
    return found;
}

void LocalSlots::learn_groups(const SessionId& id, const std::vector<std::uint32_t>& gids) {
    const auto session = find(id);
    if (!session)
        return;
    Session known = *session;
    known.gids = gids;
    const Rules rules = rules_of(known);
    registry_.learn_groups(id, gids, rules, batch_);
    if (known.state != State::ending)
        limits_.watch(known, rules);
    carry_out();
}

/// The rules for a session that is on record. Of an adopted one nobody says that it is closed, so an exit of
/// its leader is taken for that: what the person left running on purpose stays.
Rules LocalSlots::rules_of(const Session& session) const {
    Rules rules = policy_.ruling(account_of(session), session.origin.service).rules;
    if (session.is_adopted())
        rules.on_leader_exit.value = OnLeaderExit::release;
    return rules;
}

/// Since when logind has the session for idle.
asio::awaitable<std::optional<std::uint64_t>> LocalSlots::idle_hint(SessionId id,
                                                                    Logind::Clock::time_point deadline) {
    const auto session = find(id);
    if (!session || !session->traces.logind_session)
        co_return std::nullopt;
    const auto known = co_await logind_.session(*session->traces.logind_session, deadline);
    co_return known && known->is_idle ? std::optional{known->idle_since} : std::nullopt;
}

bool LocalSlots::may_be_inside(const Claim& claim) const {
    return claim.ruling.kind == Ruling::Kind::limited && claim.leader.pid != 0 &&
           registry_.has_holders(claim.account.name);
}

Verdict LocalSlots::look(const Claim& claim) const {
    if (!may_be_inside(claim))
        return registry_.decide(claim, now());
    Claim inner = claim;
    inner.inside = enclosing_session(claim.leader);
    return registry_.decide(inner, now());
}

void LocalSlots::acquire(Claim claim, std::optional<ProcessHandle> leader, Answered answered) {
    if (may_be_inside(claim) && look(claim).because == Verdict::Because::joined)
        claim.inside = enclosing_session(claim.leader);
    const RequestId request = claim.request;
    waiting_.insert_or_assign(request, Waiting{.answered = std::move(answered),
                                               .leader = std::move(leader),
                                               .account = claim.account,
                                               .origin = claim.origin,
                                               .rules = claim.ruling.rules});
    registry_.open(std::move(claim), now(), batch_);
    carry_out();
}

void LocalSlots::abandon(const std::string& account, RequestId request) {
    if (registry_.abandon(account, request, now(), batch_))
        waiting_.erase(request);
    carry_out();
}

void LocalSlots::confirm(const SessionId& id, std::optional<std::uint32_t> audit_session) {
    registry_.confirm(id, audit_session, batch_);
    carry_out();
}

void LocalSlots::release(const SessionId& id, Ended ended) {
    const auto session = find(id);
    if (ended && session && session->state != State::ending)
        ended_.emplace(id, Waiter{.ended = std::move(ended)});
    registry_.close(id, now(), batch_);
    carry_out();
}

void LocalSlots::line_closed(const SessionId& id) {
    registry_.line_closed(id, now(), batch_);
    carry_out();
}

std::optional<std::int64_t> LocalSlots::renew(const SessionId& id) {
    const auto lapses = registry_.renew(id, now(), batch_);
    carry_out();
    return lapses;
}

bool LocalSlots::unlock(const std::string& account) {
    const bool was_shut = registry_.unlock(account, now(), batch_);
    carry_out();
    return was_shut;
}

void LocalSlots::end(const SessionId& id, Reason reason, Notice notice, Waiter waiter) {
    const auto session = find(id);
    if (!session)
        return;
    if (waiter.ended)
        ended_.emplace(id, std::move(waiter));
    if (session->state != State::ending)
        notices_.insert_or_assign(id, std::move(notice));
    registry_.end(id, reason, batch_);
    carry_out();
}

void LocalSlots::stop_waiting(const SessionId& id, RequestId request) {
    const auto [first, last] = ended_.equal_range(id);
    const auto waiter =
        std::find_if(first, last, [&](const auto& entry) { return entry.second.request == request; });
    if (waiter != last)
        ended_.erase(waiter);
}

/// The nearest session that the process descends from. Reads /proc, so it is asked only where it matters.
std::optional<SessionId> LocalSlots::enclosing_session(const Process& process) const {
    auto status = read_process(process.pid);
    while (status && status->parent > 1) {
        status = read_process(status->parent);
        if (!status)
            break;
        if (const auto id = registry_.find_led_by(status->process))
            return id;
    }
    return std::nullopt;
}

/// Sees to it that this round's batch is flushed when everything that is ready now has been handled.
void LocalSlots::carry_out() {
    deadline_.set(registry_.next_deadline());
    if (batch_.empty() || std::exchange(is_flush_due_, true))
        return;
    asio::post(executor_, [this] { flush(); });
}

void LocalSlots::flush() {
    is_flush_due_ = false;
    Effects batch = std::exchange(batch_, {});
    bool can_wait = true;
    for (const Effect& effect : batch) {
        if (const auto* const record = std::get_if<Record>(&effect)) {
            records_.add(record->session);
            can_wait = can_wait && record->can_wait;
        } else if (const auto* const written = std::get_if<RecordNote>(&effect)) {
            records_.add(written->note);
            can_wait = false;
        }
    }
    if (can_wait) {
        records_.write_soon();
    } else {
        if (records_.has_lost_records())
            record_everything();
        records_.write_now_or_in_turn();
    }
    for (Effect& effect : batch)
        std::visit([this](auto& what) { perform(std::move(what)); }, effect);
}

/// After what has happened last: the end of a holder comes before its successor, whom the file that is there
/// now may not know while it still knows the holder.
void LocalSlots::record_everything() {
    for_each_session(*this, [this](const Session& session) { records_.add(session); });
    for (const AccountNote& note : registry_.notes())
        records_.add(note);
}

void LocalSlots::perform(const Record& record) {
    const Session& session = record.session;
    if (!session.is_ended())
        return;
    leaders_.forget(session.id);
    limits_.forget(session.id);
    if (session.has_leader())
        kept_.drop(DescriptorStore::Kind::leader, session.id);
    publish(EventKind::ended, session, ended_text(session));
    const auto [first, last] = ended_.equal_range(session.id);
    std::vector<Waiter> waiting;
    for (auto entry = first; entry != last; ++entry)
        waiting.push_back(std::move(entry->second));
    ended_.erase(session.id);
    for (const Waiter& waiter : waiting)
        waiter.ended(session);
}

void LocalSlots::perform(Answer answer) {
    auto waiting = waiting_.extract(answer.request);
    if (waiting.empty())
        return;
    if (answer.id && !take_charge(*answer.id, std::move(waiting.mapped().leader))) {
        give_back(*this, *answer.id);
        answer.id.reset();
        answer.verdict.decision = protocol::Decision::refuse;
    }
    auto session = answer.id ? find(*answer.id) : std::nullopt;
    if (session)
        limits_.watch(*session, waiting.mapped().rules);
    waiting.mapped().answered(answer);
    asio::post(executor_, [this, answer = std::move(answer), waiting = std::move(waiting.mapped()),
                           session = std::move(session)] {
        say_answer(answer, waiting, session); // writing the log takes time that nobody should wait
    });
}

/// A grant needs a record that the database takes and a leader that can be watched; false where one is
/// missing.
bool LocalSlots::take_charge(const SessionId& id, std::optional<ProcessHandle> leader) {
    if (records_.refused(id) || !registry_.has(id))
        return false;
    try {
        if (leader)
            watch(id, std::move(*leader));
        return true;
    } catch (const std::system_error& error) {
        log(Priority::error, "session {}: its leader cannot be watched: {}", id.text(), error.what());
        return false;
    }
}

void LocalSlots::perform(const BeginEnding& order) {
    const auto given = notices_.extract(order.session.id);
    Notice notice = given.empty() ? Notice{} : given.mapped();
    if (order.successor)
        notice.text = superseded_text(*order.successor, order.reveal_holder);
    else if (order.session.reason == Reason::expired)
        notice.text = expired_text();
    limits_.forget(order.session.id);
    publish(order.successor ? EventKind::superseding : EventKind::ending, order.session, notice.text);
    if (order.session.has_leader()) {
        ender_.begin(order, std::move(notice));
        return;
    }
    // A lease has no processes.
    registry_.gone(order.session.id, now(), batch_);
    carry_out();
}

void LocalSlots::perform(const Contested& contest) {
    events_.publish({.kind = EventKind::contested,
                     .time = wall_time(),
                     .uid = contest.uid,
                     .session = nullptr,
                     .message = contested_text(contest),
                     .account = contest.account,
                     .origin = nullptr,
                     .decision = {},
                     .rule = {}});
}

void LocalSlots::say_answer(const Answer& answer, const Waiting& waiting,
                            const std::optional<Session>& session) const {
    if (answer.verdict.decision == protocol::Decision::refuse) {
        publish_refusal(events_, waiting.account, waiting.origin, answer.verdict.rule,
                        refusal_text(answer.verdict, waiting.account, waiting.rules));
        return;
    }
    if (!session)
        return;
    const auto outcome = outcome_of(answer);
    const std::string_view decision = protocol::name_of(outcome.value_or(Outcome::grant));
    if (answer.verdict.because == Verdict::Because::trial)
        events_.publish(happening_of(EventKind::would_refuse, *session,
                                     trial_text(answer.verdict, waiting.rules), decision,
                                     answer.verdict.would.rule));
    events_.publish(happening_of(EventKind::opened, *session, {}, decision, answer.verdict.rule));
}

void LocalSlots::publish(EventKind kind, const Session& session, std::string message) const {
    events_.publish(happening_of(kind, session, std::move(message)));
}

} // namespace solo
