// SPDX-License-Identifier: MIT
#include "daemon/limit_watch.hpp"

#include "daemon/clock.hpp"
#include "daemon/log.hpp"
#include "daemon/session_terminals.hpp"
#include "daemon/terminal_device.hpp"
#include "daemon/tty_notice.hpp"
#include "daemon/wording.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

namespace solo {

namespace {

using std::chrono::milliseconds;

/// When /proc could not be read, it is tried again after this, in microseconds.
constexpr std::int64_t retry_time = 1'000'000;

void tell(const std::set<int>& terminals, std::optional<std::uint32_t> owner, std::string text) {
    const Notice notice{.text = std::move(text), .ignores_mesg = false};
    for (const int terminal : terminals)
        write_notice(terminal, owner, notice);
}

Inputs inputs_of(const std::set<int>& terminals) {
    Inputs inputs;
    for (const int terminal : terminals)
        if (const auto input = last_input(terminal))
            inputs.emplace(terminal, *input);
    return inputs;
}

} // namespace

LimitWatch::LimitWatch(asio::any_io_executor executor, Idle idle)
    : executor_{executor}, idle_{std::move(idle)},
      timer_{executor, [this] {
                 is_looking_ = true;
                 asio::co_spawn(executor_, look(), asio::detached);
             }} {}

void LimitWatch::watch(const Session& session, const Rules& rules) {
    forget(session.id);
    static constexpr TimeLimit none;
    const TimeLimit& timeout = rules.enforce.value ? rules.idle_timeout.value : none; // a trial ends nobody
    if (!session.has_leader() || (!session.expires && !timeout))
        return;
    Watched watched{.leader = session.leader, .uid = session.uid, .idle = {}, .expiry_notice = {}};
    if (timeout)
        watched.idle.emplace(*timeout, now());
    if (session.expires) {
        const milliseconds early = notice_time(rules.max_lifetime.value.value_or(milliseconds::max()));
        watched.expires = *session.expires;
        watched.expiry_notice = *session.expires - std::chrono::microseconds{early}.count();
    }
    schedule(session.id, watched_.insert_or_assign(session.id, std::move(watched)).first->second);
    set_timer();
}

void LimitWatch::forget(const SessionId& id) {
    const auto found = watched_.find(id);
    if (found == watched_.end())
        return;
    due_.erase({found->second.due, id});
    watched_.erase(found);
    set_timer();
}

void LimitWatch::schedule(const SessionId& id, Watched& watched) {
    const auto never = std::numeric_limits<std::int64_t>::max();
    watched.due = std::min(watched.idle ? watched.idle->next_look(now()) : never,
                           watched.expiry_notice.value_or(never));
    if (watched.due != never)
        due_.emplace(watched.due, id);
}

void LimitWatch::set_timer() {
    if (!is_looking_)
        timer_.set(due_.empty() ? std::nullopt : std::optional{due_.begin()->first});
}

asio::awaitable<void> LimitWatch::look() {
    bool has_failed = false;
    try {
        const std::vector<ProcessStatus> table = co_await read_processes_slowly();
        look_at(table);
    } catch (const std::exception& error) {
        log(Priority::error, "who is idle cannot be seen now, will be tried again: {}", error.what());
        has_failed = true;
    }
    is_looking_ = false;
    if (has_failed)
        timer_.set(boot_time() + retry_time);
    else
        set_timer();
}

void LimitWatch::look_at(const std::vector<ProcessStatus>& table) {
    std::vector<SessionId> due;
    std::set<Process> leaders;
    const std::int64_t present = boot_time();
    for (; !due_.empty() && due_.begin()->first <= present; due_.erase(due_.begin())) {
        due.push_back(due_.begin()->second);
        leaders.insert(watched_.at(due.back()).leader);
    }
    const auto terminals = terminals_of(leaders, table);
    std::vector<std::pair<SessionId, milliseconds>> idle;
    for (const SessionId& id : due) {
        Watched& watched = watched_.at(id);
        const auto found = terminals.find(watched.leader.pid);
        if (look_at(watched, found == terminals.end() ? Terminals{} : found->second))
            idle.emplace_back(id, watched.idle->timeout());
        schedule(id, watched);
    }
    for (const auto& [id, timeout] : idle)
        idle_(id, timeout);
}

/// Tells what is due to be told; whether the session has been idle for too long. One without a terminal is
/// not idle as far as anybody knows; logind's IdleHint would be one to ask here.
bool LimitWatch::look_at(Watched& watched, const Terminals& terminals) {
    const Now present = now();
    if (watched.expiry_notice && *watched.expiry_notice <= present.boot) {
        watched.expiry_notice.reset();
        const milliseconds left{(watched.expires - present.boot) / 1000};
        if (left.count() > 0)
            tell(terminals, watched.uid, expiring_text(left));
    }
    if (!watched.idle)
        return false;
    const IdleClock::Due due = watched.idle->look(inputs_of(terminals), present);
    if (due == IdleClock::Due::notice)
        tell(terminals, watched.uid,
             idling_text(watched.idle->idle(present), notice_time(watched.idle->timeout())));
    return due == IdleClock::Due::end;
}

} // namespace solo
