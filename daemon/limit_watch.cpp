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

/// How long logind may take to answer, for all sessions of a look.
constexpr auto patience = std::chrono::seconds{2};

void tell(const std::set<int>& terminals, std::optional<std::uint32_t> owner, std::string text) {
    const Notice notice{.text = std::move(text), .ignores_mesg = false};
    for (const int terminal : terminals)
        write_notice(terminal, owner, notice);
}

void tell_of_expiry(std::int64_t expires, std::optional<std::uint32_t> owner,
                    const std::set<int>& terminals) {
    const milliseconds left{(expires - boot_time()) / 1000};
    if (left.count() > 0)
        tell(terminals, owner, expiring_text(left));
}

Inputs inputs_of(const std::set<int>& terminals) {
    Inputs inputs;
    for (const int terminal : terminals)
        if (const auto input = last_input(terminal))
            inputs.emplace(terminal, *input);
    return inputs;
}

} // namespace

LimitWatch::LimitWatch(asio::any_io_executor executor, Hint hint, Idle idle)
    : executor_{executor}, hint_{std::move(hint)}, idle_{std::move(idle)},
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

void LimitWatch::reschedule(const SessionId& id, Watched& watched) {
    due_.erase({watched.due, id});
    schedule(id, watched);
}

void LimitWatch::set_timer() {
    if (!is_looking_)
        timer_.set(due_.empty() ? std::nullopt : std::optional{due_.begin()->first});
}

asio::awaitable<void> LimitWatch::look() {
    bool has_failed = false;
    try {
        const std::vector<ProcessStatus> table = co_await read_processes_slowly();
        co_await ask_for(look_at(table));
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

/// Tells and says what is due of the sessions whose turn it is. Returns those that are left for logind: they
/// may be idle, and have no terminal.
std::vector<SessionId> LimitWatch::look_at(const std::vector<ProcessStatus>& table) {
    const std::int64_t present = boot_time();
    std::vector<SessionId> due;
    std::set<Process> leaders;
    for (auto entry = due_.begin(); entry != due_.end() && entry->first <= present; ++entry) {
        due.push_back(entry->second);
        leaders.insert(watched_.at(entry->second).leader);
    }
    auto terminals_of_leaders = terminals_of(leaders, table);
    std::vector<SessionId> left;
    for (const SessionId& id : due) {
        Watched& watched = watched_.at(id);
        const Terminals& terminals = terminals_of_leaders[watched.leader.pid];
        if (watched.expiry_notice && *watched.expiry_notice <= present) {
            watched.expiry_notice.reset();
            tell_of_expiry(watched.expires, watched.uid, terminals);
        }
        if (!watched.idle)
            reschedule(id, watched);
        else if (terminals.empty())
            left.push_back(id);
        else
            act(id, watched, watched.idle->look(inputs_of(terminals), now()), terminals);
    }
    return left;
}

asio::awaitable<void> LimitWatch::ask_for(std::vector<SessionId> sessions) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (const SessionId& id : sessions) {
        const auto hint = co_await hint_(id, deadline);
        const auto found = watched_.find(id); // it may be over meanwhile
        if (found != watched_.end() && found->second.idle)
            act(id, found->second, found->second.idle->look(hint, now()), {});
    }
}

void LimitWatch::act(const SessionId& id, Watched& watched, IdleClock::Due due, const Terminals& terminals) {
    reschedule(id, watched);
    const milliseconds timeout = watched.idle->timeout();
    if (due == IdleClock::Due::notice)
        tell(terminals, watched.uid, idling_text(watched.idle->idle(now()), notice_time(timeout)));
    else if (due == IdleClock::Due::end)
        idle_(id, timeout);
}

} // namespace solo
