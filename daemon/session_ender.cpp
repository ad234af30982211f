// SPDX-License-Identifier: MIT
#include "daemon/session_ender.hpp"

#include "daemon/log.hpp"
#include "daemon/process_looks.hpp"
#include "daemon/process_set.hpp"
#include "daemon/watched_pidfd.hpp"
#include "protocol/printable.hpp"

#include <chrono>
#include <csignal>
#include <memory>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <fcntl.h>

namespace solo {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto use_tuple = asio::experimental::as_tuple(asio::use_awaitable);

/// How long a notice may take from the terminal to the person before its sshd is told to end: a sshd that is
/// told drops what it has not sent yet (serverloop.c, received_sigterm), and no event says that it has.
constexpr auto reading_time = 100ms;

/// After SIGKILL a process is gone within milliseconds unless it hangs in the kernel.
constexpr auto kill_time = 2s;

/// logind answers at once that it has begun to stop a scope; one that does not is not waited for.
constexpr auto logind_time = 1s;

/// How soon a scope is looked at again in which somebody lives whom nobody has found.
constexpr auto look_again_time = 10ms;

/// How often a hanging process is tried again.
constexpr auto retry_time = 1s;

/// Waits until the process has exited; false where the deadline came first.
asio::awaitable<bool> exited(const ProcessHandle& process, Clock::time_point deadline) {
    const auto executor = co_await asio::this_coro::executor;
    protocol::UniqueFd pidfd{::fcntl(process.pidfd(), F_DUPFD_CLOEXEC, 0)};
    if (!pidfd)
        co_return !process.is_alive();
    const auto watched = std::make_shared<WatchedPidfd>(executor, std::move(pidfd));
    asio::steady_timer timer{executor, deadline};
    timer.async_wait([watched](std::error_code error) {
        if (!error)
            watched->cancel();
    });
    while (!watched->has_exited()) {
        const auto [error] = co_await watched->async_wait(use_tuple);
        if (error || Clock::now() >= deadline)
            co_return watched->has_exited();
    }
    co_return true;
}

} // namespace

void SessionEnder::begin(const BeginEnding& order, Notice notice) {
    asio::co_spawn(executor_, run(order, std::move(notice)), asio::detached);
}

asio::awaitable<void> SessionEnder::run(BeginEnding order, Notice notice) {
    const SessionId id = order.session.id;
    for (;;) {
        try {
            ProcessSet processes{order.session, extent_of(*order.session.reason)};
            co_await look(processes, id);
            const Notice unsaid = std::exchange(notice, {});
            co_await ask(processes, order, unsaid);
            co_await tell_logind(processes, order.session);
            co_await kill(processes, id);
            break;
        } catch (const std::exception& error) {
            log(Priority::error, "session {}: cannot be ended now, will be tried again: {}", id.text(),
                error.what());
            stuck_(id);
        }
        asio::steady_timer timer{executor_, retry_time};
        co_await timer.async_wait(asio::use_awaitable);
    }
    gone_(id);
}

/// Looks for processes by what is known of the session now: its Confirm, or logind, may have told more since
/// the order to end it was given. For who serves the line only where nobody else is left and somebody must
/// have it: as a rule they descend from the leader, and to look at all descriptors of a host may take long.
asio::awaitable<void> SessionEnder::look(ProcessSet& processes, SessionId id) const {
    for (const bool with_line : {false, true}) {
        const auto known = find_(id);
        if (known)
            processes.learn(known->session.traces);
        if (with_line && (!processes.members().empty() || (known && known->is_line_closed)))
            co_return;
        ProcessQuery query = processes.query(with_line);
        if (with_line && query.sockets.empty())
            co_return;
        const auto found = co_await looks_.look(std::move(query));
        processes.refresh(*found);
    }
}

/// Waits until all members, and whoever they started meanwhile, have exited; false where the deadline came
/// first.
asio::awaitable<bool> SessionEnder::all_exited(ProcessSet& processes, SessionId id, Deadline deadline) const {
    for (;;) {
        co_await look(processes, id);
        if (processes.members().empty())
            co_return true;
        for (const auto& [pid, process] : processes.members())
            if (!co_await exited(process, deadline))
                co_return false;
    }
}

/// Everybody gets the chance to end by themselves, within the grace time.
asio::awaitable<void> SessionEnder::ask(ProcessSet& processes, const BeginEnding& order,
                                        const Notice& notice) const {
    const auto deadline = Clock::now() + order.grace_time;
    bool is_told = false;
    if (!notice.text.empty())
        for (const int terminal : processes.terminals())
            is_told = write_notice(terminal, order.session.uid, notice) || is_told;
    if (is_told) {
        asio::steady_timer timer{executor_, reading_time};
        co_await timer.async_wait(asio::use_awaitable);
    }
    const auto leader = processes.members().find(order.session.leader.pid);
    if (leader != processes.members().end()) {
        leader->second.signal(SIGTERM);
        if (!co_await exited(leader->second, deadline))
            co_return;
    }
    co_await look(processes, order.session.id);
    if (processes.empty())
        co_return; // kill() makes sure
    processes.signal(SIGTERM);
    processes.signal(SIGHUP); // interactive shells ignore SIGTERM
    processes.signal(SIGCONT);
    co_await all_exited(processes, order.session.id, deadline);
}

/// So that logind lets go of its session too. A session that is closing already it takes for done, and what
/// ignores SIGTERM it kills much later than we do; so this is no substitute for kill().
asio::awaitable<void> SessionEnder::tell_logind(ProcessSet& processes, const Session& session) const {
    if (processes.empty())
        co_return;
    co_await look(processes, session.id);
    if (processes.empty() || processes.scope() == nullptr)
        co_return;
    const std::string id = *processes.traces().logind_session;
    const auto told = co_await terminate_(id, Clock::now() + logind_time);
    if (!told)
        log(Priority::warning, "session {}: logind does not stop its session {}: {}", session.id.text(),
            protocol::printable(id), protocol::printable(told.error()));
}

/// Kills what is left until nothing is.
asio::awaitable<void> SessionEnder::kill(ProcessSet& processes, SessionId id) const {
    bool has_been_killed = false;
    bool is_stuck = false;
    for (auto deadline = Clock::now() + kill_time;; deadline = Clock::now() + retry_time) {
        while (Clock::now() < deadline) {
            co_await look(processes, id);
            if (processes.empty())
                co_return;
            processes.signal(SIGKILL);
            if (std::exchange(has_been_killed, true) && processes.scope() != nullptr)
                (void)processes.scope()->kill(); // somebody forks faster than we look
            for (const auto& [pid, process] : processes.members())
                co_await exited(process, deadline);
            if (processes.members().empty()) {
                asio::steady_timer timer{executor_, look_again_time};
                co_await timer.async_wait(asio::use_awaitable);
            }
        }
        if (!std::exchange(is_stuck, true))
            log(Priority::error, "session {}: processes of it outlive even SIGKILL", id.text());
        stuck_(id);
    }
}

} // namespace solo
