// SPDX-License-Identifier: MIT
#include "daemon/sessions_service.hpp"

#include "daemon/clock.hpp"
#include "daemon/connection.hpp"
#include "daemon/log.hpp"
#include "daemon/session_list.hpp"
#include "daemon/watch_stream.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <algorithm>

#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

using protocol::make_error;
using protocol::make_reply;
namespace sessions = protocol::sessions;
namespace service = protocol::service;

} // namespace

SessionsService::SessionsService(Slots& slots, Store& store, Events& events, const Statistics& statistics,
                                 const Config& config, DaemonState state)
    : slots_{slots}, store_{store}, events_{events}, statistics_{statistics}, config_{config},
      state_{std::move(state)}, dispatcher_{{std::string{sessions::interface_name}}} {
    const auto serve = [this](auto method) {
        return [this, method](auto call, Connection& connection, Replies replies) {
            return (this->*method)(std::move(call), connection, replies);
        };
    };
    dispatcher_.add<sessions::List>(serve(&SessionsService::list));
    dispatcher_.add<sessions::Get>(serve(&SessionsService::get));
    dispatcher_.add<sessions::Validate>(serve(&SessionsService::validate));
    dispatcher_.add<sessions::End>(serve(&SessionsService::end));
    dispatcher_.add<sessions::Watch>(serve(&SessionsService::watch));
    dispatcher_.add<sessions::Status>(serve(&SessionsService::status));
}

SessionsService::Reply SessionsService::list(sessions::List call, Connection& connection, Replies replies) {
    if (call.limit && *call.limit < 1)
        co_return make_error(service::InvalidParameter{"limit"});
    SessionList::Wanted wanted{.filter = {.account = std::move(call.account), .uid = std::nullopt},
                               .with_ended = call.ended.value_or(false),
                               .limit = call.limit};
    if (!sees_all(connection))
        wanted.filter.uid = connection.peer().uid;
    SessionList list{slots_, store_, std::move(wanted)};
    std::optional<Session> last; // the reply that ends the stream carries one too
    while (auto next = list.next()) {
        if (last && replies == Replies::one)
            co_return make_error(service::ExpectedMore{});
        if (last) {
            auto reply = make_reply(sessions::SessionReply{shown(*last)});
            reply.continues = true;
            co_await connection.send(reply);
        }
        last = std::move(next);
    }
    if (!list.problem().empty())
        co_return make_error(sessions::Unavailable{list.problem()});
    if (!last)
        co_return make_error(sessions::NoSuchSession{""});
    co_return make_reply(sessions::SessionReply{shown(*last)});
}

SessionsService::Reply SessionsService::get(sessions::Get call, Connection& connection, Replies /*one*/) {
    const auto session = find(call.id, connection);
    co_return session ? make_reply(sessions::SessionReply{shown(*session)}) : session.error();
}

SessionsService::Reply SessionsService::validate(sessions::Validate call, Connection& connection,
                                                 Replies /*one*/) {
    const auto session = find(call.id, connection);
    if (!session)
        co_return session.error();
    sessions::Validate::Reply reply{.active =
                                        session->state == State::opening || session->state == State::active,
                                    .state = session->state,
                                    .reason = std::nullopt,
                                    .message = std::nullopt};
    if (!reply.active) {
        reply.reason = protocol::name_of(session->reason.value_or(Reason::logout));
        reply.message = ended_text(*session);
    }
    co_return make_reply(reply);
}

SessionsService::Reply SessionsService::end(sessions::End call, Connection& connection, Replies /*one*/) {
    const auto session = find(call.id, connection);
    if (!session)
        co_return session.error();
    if (session->is_ended())
        co_return make_reply(sessions::SessionReply{shown(*session)});
    if (slots_.shares_leader(*session))
        co_return make_error(sessions::CannotEnd{"its login program serves other sessions too"});

    struct Waiting {
        asio::steady_timer wake;
        std::optional<Session> ended;
        bool has_hung_up = false;
    };
    const auto executor = co_await asio::this_coro::executor;
    const auto waiting =
        std::make_shared<Waiting>(asio::steady_timer{executor, asio::steady_timer::time_point::max()});
    log(Priority::notice, "uid {} (pid {}) ends session {}", connection.peer().uid, connection.peer().pid,
        call.id);
    slots_.end(
        session->id, Reason::terminated,
        {.text = terminated_text(call.message.value_or("")), .ignores_mesg = connection.peer().uid == 0},
        [waiting](const Session& ended) {
            waiting->ended = ended;
            waiting->wake.cancel();
        });
    connection.on_hang_up([waiting] {
        waiting->has_hung_up = true;
        waiting->wake.cancel();
    });
    while (!waiting->ended && !waiting->has_hung_up)
        co_await waiting->wake.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
    if (!waiting->ended)
        co_return make_error(sessions::Unavailable{"the caller is gone"});
    co_return make_reply(sessions::SessionReply{shown(*waiting->ended)});
}

SessionsService::Reply SessionsService::watch(sessions::Watch /*call*/, Connection& connection,
                                              Replies replies) {
    if (replies == Replies::one)
        co_return make_error(service::ExpectedMore{});
    WatchStream stream{
        events_, co_await asio::this_coro::executor,
        [this, &connection](const Happening& happening) { return may_see(connection, happening.uid); },
        [this](const Session& session) { return shown(session); }};
    connection.on_hang_up(stream.stopper());
    while (auto event = co_await stream.next()) {
        auto reply = make_reply(sessions::Watch::Reply{std::move(*event)});
        reply.continues = true;
        co_await connection.send(reply);
    }
    co_return make_error(sessions::Unavailable{"the watcher is gone or does not keep up"});
}

SessionsService::Reply SessionsService::status(sessions::Status /*call*/, Connection& /*any*/,
                                               Replies /*one*/) {
    sessions::Status::Reply reply;
    reply.version = SOLO_VERSION;
    reply.problems = state_.problems();
    const std::int64_t history_since = statistics_.ended() - statistics_.evicted();
    if (!history_at_start_) {
        if (const auto count = store_.count_ended())
            history_at_start_ = *count - history_since;
        else
            reply.problems.push_back(count.error());
    }
    reply.state = reply.problems.empty() ? protocol::Health::ok : protocol::Health::degraded;
    reply.active = static_cast<std::int64_t>(slots_.sessions().size());
    reply.opened_total = statistics_.opened();
    reply.refused_total = statistics_.refused();
    reply.superseded_total = statistics_.superseded();
    reply.history = history_at_start_.value_or(0) + history_since;
    reply.started = state_.started;
    co_return make_reply(reply);
}

bool SessionsService::sees_all(Connection& connection) const {
    if (connection.peer().uid == 0)
        return true;
    if (!config_.admin_group)
        return false;
    const auto groups = peer_groups(connection.fd());
    return connection.peer().gid == *config_.admin_group ||
           std::ranges::find(groups, *config_.admin_group) != groups.end();
}

bool SessionsService::may_see(Connection& connection, const std::optional<std::uint32_t>& uid) const {
    return uid == connection.peer().uid || sees_all(connection);
}

protocol::Session SessionsService::shown(const Session& session) const {
    protocol::Session shown;
    shown.id = session.id.text();
    shown.account = session.account;
    shown.uid = session.uid;
    shown.state = session.state;
    if (session.reason)
        shown.reason = protocol::name_of(*session.reason);
    shown.service = session.origin.service;
    shown.tty = session.origin.tty;
    shown.rhost = session.origin.rhost;
    shown.ruser = session.origin.ruser;
    shown.host = state_.host;
    if (session.has_leader())
        shown.leader = session.leader.pid;
    shown.slot = session.slot;
    shown.opened = session.opened;
    shown.ended = session.ended;
    if (const auto deadline = session.deadline(); deadline && !session.is_ended())
        shown.expires = on_the_wall(*deadline);
    if (session.superseded_by)
        shown.superseded_by = session.superseded_by->text();
    return shown;
}

/// The session where the caller may see it, else what to answer.
tl::expected<Session, protocol::Reply> SessionsService::find(const std::string& text,
                                                             Connection& connection) {
    const auto id = SessionId::parse(text);
    if (!id)
        return tl::unexpected{make_error(service::InvalidParameter{"id"})};
    std::optional<Session> session;
    if (const Session* const live = slots_.find(*id)) {
        session = *live;
    } else if (auto stored = store_.find(*id)) {
        session = std::move(*stored);
    } else {
        return tl::unexpected{make_error(sessions::Unavailable{stored.error()})};
    }
    if (!session)
        return tl::unexpected{make_error(sessions::NoSuchSession{text})};
    if (!may_see(connection, session->uid))
        return tl::unexpected{make_error(sessions::PermissionDenied{})};
    return *session;
}

} // namespace solo
