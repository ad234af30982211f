// SPDX-License-Identifier: MIT
#include "daemon/login_service.hpp"

#include "daemon/clock.hpp"
#include "daemon/connection.hpp"
#include "daemon/log.hpp"
#include "daemon/new_session_id.hpp"
#include "daemon/process_set.hpp"
#include "daemon/process_table.hpp"
#include "daemon/slot_calls.hpp"
#include "daemon/wording.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>

#include <fcntl.h>

namespace solo {

namespace {

using protocol::Decision;
using protocol::make_error;
using protocol::make_reply;
namespace login = protocol::login;
namespace service = protocol::service;

/// The parameter that is wrong; empty where none is. Groups that a rule needs and that the module has not
/// looked up count as wrong: it asks again with them.
std::string_view wrong_parameter(const protocol::Account& account, const protocol::Origin& origin,
                                 const Policy& policy) {
    if (account.name.empty())
        return "account.name";
    if (account.uid == std::numeric_limits<std::uint32_t>::max()) // (uid_t)-1 means none, chown(2)
        return "account.uid";
    if (origin.service.empty())
        return "origin.service";
    return policy.needs_groups(account, origin.service) ? "account.gids" : "";
}

bool is_nonce(std::string_view text) {
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text.size() == 32 && std::ranges::all_of(text, is_hex);
}

std::optional<protocol::Holder> holder_of(const Verdict& verdict, const Rules& rules) {
    if (!verdict.holder)
        return std::nullopt;
    const Session& session = *verdict.holder;
    protocol::Holder holder;
    holder.id = session.id.text();
    holder.opened = session.opened;
    holder.service = session.origin.service;
    if (rules.reveal_holder.value) {
        holder.tty = session.origin.tty;
        holder.rhost = session.origin.rhost;
    }
    return holder;
}

/// The process that asks, held; nothing where it is no more.
std::optional<ProcessHandle> hold(const Peer& peer) {
    protocol::UniqueFd pidfd{::fcntl(peer.pidfd.get(), F_DUPFD_CLOEXEC, 0)};
    return pidfd ? ProcessHandle::adopt(std::move(pidfd), peer.pid) : std::nullopt;
}

/// Whether one of the two processes is the other or descends from it.
bool are_related(const Process& leader, int pid) {
    const auto table = read_processes();
    return pid == leader.pid || descendants(table, {leader.pid}).contains(pid) ||
           descendants(table, {pid}).contains(leader.pid);
}

/// As in Traces. That the kernel cannot be asked now (there is no descriptor to spare) ends no login that was
/// granted; its processes may then be harder to find.
std::optional<std::uint32_t> audit_session_of(const Session& session) {
    try {
        return own_audit_session(session.leader);
    } catch (const std::system_error& error) {
        log(Priority::warning, "session {}: its audit session is not known: {}", session.id.text(),
            error.what());
        return std::nullopt;
    }
}

protocol::Reply refusal(const Verdict& verdict, const protocol::Account& account, const Rules& rules) {
    return make_error(
        login::Refused{refusal_text(verdict, account, rules), holder_of(verdict, rules), verdict.rule});
}

/// What Check answers. A superseding too many is refused by Open, which then does something about it: in the
/// account phase nothing may change yet, so the login has to get that far.
Decision answered_by_check(const Verdict& verdict, const Rules& rules) {
    if (verdict.because != Verdict::Because::contest)
        return verdict.decision;
    return rules.on_conflict.value == OnConflict::ask ? Decision::ask : Decision::supersede;
}

/// A login that Check lets pass is counted by Open.
std::optional<Outcome> counted_by_check(Decision decision) {
    if (decision == Decision::refuse)
        return Outcome::refuse;
    return decision == Decision::ask ? std::optional{Outcome::ask} : std::nullopt;
}

Claim claim_of(const protocol::Account& account, const protocol::Origin& origin, Ruling ruling) {
    return {.request = 0,
            .id = new_session_id(wall_time()),
            .nonce = {},
            .account = account,
            .origin = origin,
            .leader = {},
            .ruling = std::move(ruling),
            .consent = Consent::unasked,
            .lease = std::nullopt,
            .inside = std::nullopt};
}

} // namespace

LoginService::LoginService(Slots& slots, const Policy& policy, const Events& events, DescriptorStore& kept,
                           Statistics& statistics)
    : slots_{slots}, policy_{policy}, events_{events}, kept_{kept}, statistics_{statistics},
      dispatcher_{{std::string{login::interface_name}}} {
    const auto serve = [this](auto method) {
        return [this, method](auto call, Connection& connection, Dispatcher::Replies /*one each*/) {
            return (this->*method)(std::move(call), connection);
        };
    };
    dispatcher_.add<login::Check>(serve(&LoginService::check));
    dispatcher_.add<login::Open>(serve(&LoginService::open));
    dispatcher_.add<login::Confirm>(serve(&LoginService::confirm));
    dispatcher_.add<login::Close>(serve(&LoginService::close));
}

LoginService::Reply LoginService::check(login::Check call, Connection& connection) {
    if (const auto wrong = wrong_parameter(call.account, call.origin, policy_); !wrong.empty())
        co_return make_error(service::InvalidParameter{std::string{wrong}});
    Claim claim = claim_of(call.account, call.origin, policy_.ruling(call.account, call.origin.service));
    if (const auto status = read_process(connection.peer().pid))
        claim.leader = status->process;
    const Rules& rules = claim.ruling.rules;
    const Verdict verdict = slots_.look(claim);
    login::Check::Reply reply{.decision = answered_by_check(verdict, rules),
                              .holder = holder_of(verdict, rules),
                              .rule = verdict.rule,
                              .message = std::nullopt};
    if (reply.decision == Decision::ask)
        reply.message = question_text(verdict, call.account, rules);
    if (reply.decision == Decision::refuse) {
        reply.message = refusal_text(verdict, call.account, rules);
        // It comes no further than here.
        publish_refusal(events_, call.account, call.origin, reply.rule, *reply.message);
    }
    statistics_.count_answer({.service = call.origin.service,
                              .outcome = counted_by_check(reply.decision),
                              .kind = DecisionKind::check,
                              .took = connection.call_age()});
    co_return make_reply(reply);
}

LoginService::Reply LoginService::open(login::Open call, Connection& connection) {
    if (const auto wrong = wrong_parameter(call.account, call.origin, policy_); !wrong.empty())
        co_return make_error(service::InvalidParameter{std::string{wrong}});
    if (!is_nonce(call.nonce))
        co_return make_error(service::InvalidParameter{"nonce"});
    Claim claim = claim_of(call.account, call.origin, policy_.ruling(call.account, call.origin.service));
    if (claim.ruling.kind == Ruling::Kind::ignored) {
        statistics_.count_answer({.service = call.origin.service,
                                  .outcome = Outcome::ignore,
                                  .kind = DecisionKind::open,
                                  .took = connection.call_age()});
        co_return make_reply(login::Open::Reply{.decision = Decision::ignore, .id = {}, .notice = {}});
    }
    if (connection.has_hung_up()) // it has given up: nobody is to make room for it
        co_return make_error(login::Unavailable{"the caller is gone"});
    auto leader = hold(connection.peer());
    if (!leader)
        co_return make_error(login::Unavailable{"the process that called is no more"});
    claim.nonce = call.nonce;
    claim.consent = call.takeover.value_or(false) ? Consent::given : Consent::none;
    claim.leader = leader->process();
    // On record with the grant: if solod and the login program are killed before Confirm is, what serves the
    // person on is found by it.
    claim.traces.line_inode = inode_of_line(connection.fd(), sockets_);

    const Rules rules = claim.ruling.rules;
    const auto answered = co_await acquire(slots_, std::move(claim), std::move(*leader), connection);
    statistics_.count_answer(
        {.service = call.origin.service,
         .outcome = answered ? outcome_of(*answered) : Outcome::abandon,
         .kind = !answered || answered->has_waited ? DecisionKind::wait : DecisionKind::open,
         .took = connection.call_age()});
    if (!answered)
        co_return make_error(login::Unavailable{"the caller is gone"});
    const Answer& answer = *answered;
    if (answer.verdict.decision != Decision::grant)
        co_return refusal(answer.verdict, call.account, rules);
    if (!answer.id) // it is part of another session
        co_return make_reply(login::Open::Reply{.decision = Decision::ignore, .id = {}, .notice = {}});
    take_line(*answer.id, connection);
    co_return make_reply(login::Open::Reply{
        .decision = Decision::grant, .id = answer.id->text(), .notice = grant_text(answer, rules)});
}

LoginService::Reply LoginService::confirm(login::Confirm call, Connection& connection) {
    const auto id = SessionId::parse(call.id);
    const auto line = id ? lines_.find(*id) : lines_.end();
    if (line == lines_.end() || line->second != &connection)
        co_return make_error(service::InvalidParameter{"id"});
    const auto session = slots_.find(*id);
    if (!session) // it is over already
        co_return make_reply(login::Confirm::Reply{});
    slots_.confirm(*id, audit_session_of(*session));
    co_return make_reply(login::Confirm::Reply{});
}

LoginService::Reply LoginService::close(login::Close call, Connection& connection) {
    const auto id = SessionId::parse(call.id);
    const auto session = id ? slots_.find(*id) : std::nullopt;
    if (!session)
        co_return make_reply(login::Close::Reply{});
    // The id may have come through a PAM environment that its owner can write to: it must not close somebody
    // else's.
    if (connection.peer().pid != session->leader.pid &&
        !are_related(session->leader, connection.peer().pid)) {
        log(Priority::warning, "session {}: pid {} may not close it: it is not of its login program",
            id->text(), connection.peer().pid);
        co_return make_error(login::PermissionDenied{});
    }
    co_await release(slots_, *id);
    co_return make_reply(login::Close::Reply{});
}

void LoginService::take_line(const SessionId& id, Connection& connection) {
    if (const auto [line, is_first] = lines_.insert_or_assign(id, &connection); !is_first)
        kept_.drop(DescriptorStore::Kind::line, id);
    kept_.keep(DescriptorStore::Kind::line, id, connection.fd());
    connection.on_end([this, id, line = &connection] { line_ended(id, line); });
}

void LoginService::line_ended(const SessionId& id, const Connection* connection) {
    const auto line = lines_.find(id);
    if (line == lines_.end() || line->second != connection)
        return; // a retry has made another connection the line
    lines_.erase(line);
    kept_.drop(DescriptorStore::Kind::line, id);
    slots_.line_closed(id);
}

} // namespace solo
