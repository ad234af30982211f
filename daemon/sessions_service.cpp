// SPDX-License-Identifier: MIT
#include "daemon/sessions_service.hpp"

#include "daemon/clock.hpp"
#include "daemon/connection.hpp"
#include "daemon/log.hpp"
#include "daemon/session_list.hpp"
#include "daemon/slot_calls.hpp"
#include "daemon/watch_stream.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <numeric>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

using protocol::make_error;
using protocol::make_reply;
namespace sessions = protocol::sessions;
namespace service = protocol::service;

} // namespace

SessionsService::SessionsService(Slots& slots, RecordQueue& records, Accounts& accounts, Events& events,
                                 Configured configured, DaemonState state)
    : slots_{slots}, store_{records.store()}, accounts_{accounts}, events_{events}, state_{std::move(state)},
      access_{slots, records, configured.policy, configured.config, state_.host},
      leases_{slots, accounts, events, access_, configured, state_.statistics},
      dispatcher_{{std::string{sessions::interface_name}}} {
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
    dispatcher_.add<sessions::Metrics>(serve(&SessionsService::metrics));
    dispatcher_.add<sessions::Unlock>(serve(&SessionsService::unlock));
    leases_.serve_with(dispatcher_);
}

SessionsService::Reply SessionsService::list(sessions::List call, Connection& connection, Replies replies) {
    if (call.limit && *call.limit < 1)
        co_return make_error(service::InvalidParameter{"limit"});
    SessionList::Wanted wanted{.filter = {.account = std::move(call.account), .uid = std::nullopt},
                               .with_ended = call.ended.value_or(false),
                               .limit = call.limit};
    if (!access_.is_admin(connection))
        wanted.filter.uid = connection.peer().uid;
    // What has ended just now is on record after this round.
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    SessionList list{slots_, store_, std::move(wanted)};
    std::optional<Session> last; // the reply that ends the stream carries one too
    while (!list.is_over()) {
        auto next = list.step();
        if (!next) {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            continue;
        }
        if (last && replies == Replies::one)
            co_return make_error(service::ExpectedMore{});
        if (last) {
            auto reply = make_reply(sessions::SessionReply{access_.shown(*last)});
            reply.continues = true;
            co_await connection.send(reply);
        }
        last = std::move(next);
    }
    if (!list.problem().empty())
        co_return make_error(sessions::Unavailable{list.problem()});
    if (!last)
        co_return make_error(sessions::NoSuchSession{""});
    co_return make_reply(sessions::SessionReply{access_.shown(*last)});
}

SessionsService::Reply SessionsService::get(sessions::Get call, Connection& connection, Replies /*one*/) {
    const auto session = access_.find(call.id, connection);
    co_return session ? make_reply(sessions::SessionReply{access_.shown(*session)}) : session.error();
}

SessionsService::Reply SessionsService::validate(sessions::Validate call, Connection& connection,
                                                 Replies /*one*/) {
    const auto session = access_.find(call.id, connection);
    if (!session)
        co_return session.error();
    sessions::Validate::Reply reply{.active =
                                        session->state == State::opening || session->state == State::active,
                                    .state = session->state,
                                    .reason = std::nullopt,
                                    .message = std::nullopt};
    if (!reply.active) {
        reply.reason = protocol::name_of(session->reason.value_or(Reason::logout));
        reply.message = access_.why_over(connection, *session);
    }
    co_return make_reply(reply);
}

SessionsService::Reply SessionsService::end(sessions::End call, Connection& connection, Replies /*one*/) {
    const auto session = access_.find(call.id, connection);
    if (!session)
        co_return session.error();
    if (!access_.may_act_for(connection, session->uid)) // who opened a lease closes it by CloseLease
        co_return make_error(sessions::PermissionDenied{});
    if (session->is_ended())
        co_return make_reply(sessions::SessionReply{access_.shown(*session)});
    if (slots_.shares_leader(*session))
        co_return make_error(sessions::CannotEnd{"its login program serves other sessions too"});

    log(Priority::notice, "uid {} (pid {}) ends session {}", connection.peer().uid, connection.peer().pid,
        call.id);
    // A variable: g++ 12 destroys a temporary of a co_await twice.
    Notice notice{.text = terminated_text(call.message.value_or("")),
                  .ignores_mesg = connection.peer().uid == 0};
    const auto ended =
        co_await solo::end(slots_, session->id, Reason::terminated, std::move(notice), connection);
    if (!ended)
        co_return make_error(sessions::Unavailable{"the caller is gone"});
    co_return make_reply(sessions::SessionReply{access_.shown(*ended)});
}

SessionsService::Reply SessionsService::watch(sessions::Watch /*call*/, Connection& connection,
                                              Replies replies) {
    if (replies == Replies::one)
        co_return make_error(service::ExpectedMore{});
    WatchStream stream{events_, co_await asio::this_coro::executor,
                       [this, &connection](const Happening& happening) {
                           return happening.session != nullptr
                                      ? access_.may_see(connection, *happening.session)
                                      : access_.may_act_for(connection, happening.uid);
                       },
                       [this](const Session& session) { return access_.shown(session); }};
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
    const auto history = co_await state_.history.now();
    if (!history)
        reply.problems.push_back(history.error());
    reply.state = reply.problems.empty() ? protocol::Health::ok : protocol::Health::degraded;
    const StateCounts counts = slots_.count_by_state();
    reply.active = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    reply.opened_total = state_.statistics.opened();
    reply.refused_total = state_.statistics.refused();
    reply.superseded_total = state_.statistics.superseded();
    reply.history = history.value_or(0);
    reply.started = state_.started;
    co_return make_reply(reply);
}

SessionsService::Reply SessionsService::metrics(sessions::Metrics /*call*/, Connection& /*any*/,
                                                Replies /*one*/) {
    auto reply = metrics_of(state_.statistics, slots_, state_.gauges());
    const auto history = co_await state_.history.now();
    reply.version = SOLO_VERSION;
    reply.state = history && state_.problems().empty() ? protocol::Health::ok : protocol::Health::degraded;
    reply.started = state_.started;
    reply.history = history.value_or(0);
    co_return make_reply(reply);
}

SessionsService::Reply SessionsService::unlock(sessions::Unlock call, Connection& connection,
                                               Replies /*one*/) {
    if (!access_.is_admin(connection))
        co_return make_error(sessions::PermissionDenied{});
    log(Priority::notice, "uid {} (pid {}) unlocks {}", connection.peer().uid, connection.peer().pid,
        protocol::printable(call.account));
    if (slots_.unlock(call.account))
        co_return make_reply(sessions::Unlock::Reply{});
    const auto account = co_await accounts_.find( // another name of it?
        call.account, {.uid = connection.peer().uid, .opens_for_all = access_.opens_for_all(connection)});
    if (account)
        slots_.unlock(account->name);
    co_return make_reply(sessions::Unlock::Reply{});
}

} // namespace solo
