// SPDX-License-Identifier: MIT
#include "daemon/logind_watch.hpp"

#include "daemon/log.hpp"
#include "daemon/new_session_id.hpp"
#include "daemon/process_table.hpp"
#include "daemon/scope.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <exception>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

using namespace std::chrono_literals;
using Clock = Logind::Clock;

/// How long logind may take for one answer when no login waits for it.
constexpr auto patience = 10s;

/// logind moves a leader into its scope a moment after it has announced the session. Looked for twice as late
/// each time; a login that takes longer than the last one to get into its scope does without.
constexpr auto first_look = 10ms;
constexpr auto last_look = 5s;

/// As logind makes them (session_id_valid): its ids become parts of paths.
bool is_session_id(std::string_view id) {
    const auto is_valid = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    return !id.empty() && std::ranges::all_of(id, is_valid);
}

std::optional<Process> leader_of(const LogindSession& session) {
    if (session.leader == 0 || !is_session_id(session.id))
        return std::nullopt;
    const auto status = read_process(static_cast<int>(session.leader));
    return status && !status->is_zombie ? std::optional{status->process} : std::nullopt;
}

/// That logind names a pid does not mean that it is still that process: a session outlives its leader.
bool is_in_its_scope(const LogindSession& session) {
    return is_in_scope(static_cast<int>(session.leader), session.uid, session.id);
}

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional{text};
}

/// The account with the groups that a process of the session has: asking NSS could block.
protocol::Account account_of(const LogindSession& session) {
    protocol::Account account{.name = session.user, .uid = session.uid, .gids = {}};
    for (const ProcessStatus& status : read_processes()) {
        const int pid = status.process.pid;
        if (status.is_zombie || !is_in_scope(pid, session.uid, session.id))
            continue;
        const auto credentials = read_credentials(pid);
        if (credentials && credentials->uid == session.uid) {
            account.gids = credentials->gids;
            break;
        }
    }
    return account;
}

Session session_of(const LogindSession& known, const Process& leader) {
    const auto opened = static_cast<std::int64_t>(known.begun);
    Session session;
    session.id = new_session_id(opened);
    session.account = known.user;
    session.uid = known.uid;
    session.state = State::active;
    session.origin = {.service = known.service.empty() ? "logind" : known.service,
                      .tty = unless_empty(known.tty),
                      .rhost = unless_empty(known.remote_host),
                      .ruser = unless_empty(known.remote_user)};
    session.leader = leader;
    session.opened = opened;
    session.traces = {
        .line_inode = std::nullopt, .audit_session = own_audit_session(leader), .logind_session = known.id};
    return session;
}

void log_failure(const std::exception_ptr& failure) {
    try {
        if (failure)
            std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        log(Priority::error, "what logind says of a session is not taken into account: {}", error.what());
    }
}

} // namespace

asio::awaitable<void> LogindWatch::adopt(Clock::time_point deadline) {
    is_starting_ = true;
    co_await learn_all(deadline);
    is_starting_ = false;
}

void LogindWatch::connected() {
    if (!is_starting_) // adopt() is about to ask
        asio::co_spawn(executor_, learn_all(Clock::now() + patience), log_failure);
}

void LogindWatch::begun(const std::string& id) {
    asio::co_spawn(executor_, learn_soon(id), log_failure);
}

asio::awaitable<void> LogindWatch::learn_all(Clock::time_point deadline) {
    const auto sessions = co_await logind_.sessions(deadline);
    if (!sessions) {
        log(Priority::info, "logind does not say who is logged in: {}",
            protocol::printable(sessions.error()));
        co_return;
    }
    const bool is_adoption_due = std::exchange(is_adoption_due_, false);
    for (const LogindSession& session : *sessions)
        if (learn(session) == Learnt::not_ours && is_adoption_due)
            adopt(session);
}

asio::awaitable<void> LogindWatch::learn_soon(std::string id) {
    asio::steady_timer timer{executor_};
    for (std::chrono::milliseconds delay = first_look; delay <= last_look; delay *= 2) {
        const auto session = co_await logind_.session(id, Clock::now() + patience);
        if (!session || learn(*session) != Learnt::not_yet)
            co_return;
        timer.expires_after(delay);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

LogindWatch::Learnt LogindWatch::learn(const LogindSession& session) {
    const auto leader = leader_of(session);
    const auto id = leader ? slots_.find_led_by(*leader) : std::nullopt;
    const auto known = id ? slots_.find(*id) : std::nullopt;
    if (!known || known->uid != session.uid)
        return Learnt::not_ours;
    if (!is_in_its_scope(session))
        return Learnt::not_yet;
    slots_.learn(*id, session.id);
    return Learnt::yes;
}

void LogindWatch::adopt(const LogindSession& session) {
    const auto leader = leader_of(session);
    if (!session.kind.starts_with("user") || session.user.empty() || !leader || !is_in_its_scope(session) ||
        slots_.find_led_by(*leader))
        return;
    slots_.adopt(session_of(session, *leader), account_of(session));
}

} // namespace solo
