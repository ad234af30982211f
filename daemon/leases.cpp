// SPDX-License-Identifier: MIT
#include "daemon/leases.hpp"

#include "daemon/clock.hpp"
#include "daemon/connection.hpp"
#include "daemon/new_session_id.hpp"
#include "daemon/slot_calls.hpp"
#include "daemon/wording.hpp"
#include "protocol/service_messages.hpp"

#include <chrono>

namespace solo {

namespace {

using protocol::make_error;
using protocol::make_reply;
namespace sessions = protocol::sessions;
namespace service = protocol::service;

constexpr std::int64_t longest_ttl = 86'400; // seconds
constexpr int most_of_a_user = 64;

/// The parameter that cannot be; empty where all can.
std::string_view wrong_parameter(const std::optional<std::string>& service,
                                 const std::optional<std::string>& rhost) {
    if (service && (service->empty() || service->size() > protocol::longest_text))
        return "service";
    return rhost && rhost->size() > protocol::longest_text ? "rhost" : "";
}

Claim claim_of(const protocol::Account& account, std::string service, std::optional<std::string> rhost,
               const Policy& policy) {
    Claim claim;
    claim.id = new_session_id(wall_time());
    claim.account = account;
    claim.ruling = policy.ruling(account, service);
    claim.origin = {.service = std::move(service), .tty = {}, .rhost = std::move(rhost), .ruser = {}};
    return claim;
}

/// Its time begins with the grant.
Lease lease_of(std::int64_t seconds, std::uint32_t opener) {
    return {.ttl = std::chrono::seconds{seconds}, .opened_by = opener, .lapses = 0};
}

} // namespace

Leases::Leases(Slots& slots, Accounts& accounts, Events& events, const SessionAccess& access,
               Configured configured, Statistics& statistics)
    : slots_{slots}, accounts_{accounts}, events_{events}, access_{access}, policy_{configured.policy},
      config_{configured.config}, statistics_{statistics} {}

void Leases::serve_with(Dispatcher& dispatcher) {
    const auto serve = [this](auto method) {
        return [this, method](auto call, Connection& connection, Dispatcher::Replies /*one each*/) {
            return (this->*method)(std::move(call), connection);
        };
    };
    dispatcher.add<sessions::OpenLease>(serve(&Leases::open));
    dispatcher.add<sessions::Renew>(serve(&Leases::renew));
    dispatcher.add<sessions::CloseLease>(serve(&Leases::close));
    dispatcher.add<sessions::Explain>(serve(&Leases::explain));
}

Leases::Reply Leases::open(sessions::OpenLease call, Connection& connection) {
    if (const auto wrong = wrong_parameter(call.service, call.rhost); !wrong.empty())
        co_return make_error(service::InvalidParameter{std::string{wrong}});
    if (call.ttl < 1 || call.ttl > longest_ttl)
        co_return make_error(service::InvalidParameter{"ttl"});
    const auto account = co_await find_account(std::move(call.account), connection);
    if (!account)
        co_return account.error();
    Claim claim = claim_of(*account, std::move(call.service), std::move(call.rhost), policy_);
    if (auto no = objection(*account, claim.ruling, connection))
        co_return *std::move(no);
    if (connection.has_hung_up()) // nobody is to make room for a lease that nobody takes
        co_return make_error(sessions::Unavailable{"the caller is gone"});

    claim.consent = call.takeover.value_or(false) ? Consent::given : Consent::none;
    claim.lease = lease_of(call.ttl, connection.peer().uid);
    const auto answer = co_await acquire(slots_, claim, std::nullopt, connection);
    count(claim, answer, connection);
    if (!answer)
        co_return make_error(sessions::Unavailable{"the caller is gone"});
    if (!answer->id)
        co_return refusal(answer->verdict, claim, connection);
    if (connection.has_hung_up()) {
        give_back(slots_, *answer->id);
        co_return make_error(sessions::Unavailable{"the caller is gone"});
    }
    const auto session = slots_.find(*answer->id);
    if (!session) // it was ended before its opener heard of it
        co_return make_error(sessions::NotActive{protocol::State::ended, std::nullopt, std::nullopt});
    co_return make_reply(sessions::SessionReply{access_.shown(*session)});
}

Leases::Reply Leases::renew(sessions::Renew call, Connection& connection) {
    const auto session = access_.find(call.id, connection);
    if (!session)
        co_return session.error();
    if (!session->lease)
        co_return make_error(sessions::NotALease{call.id});
    if (const auto lapses = slots_.renew(session->id))
        co_return make_reply(sessions::Renew::Reply{on_the_wall(*lapses)});
    sessions::NotActive why{session->state, std::nullopt, access_.why_over(connection, *session)};
    if (session->reason)
        why.reason = protocol::name_of(*session->reason);
    co_return make_error(why);
}

Leases::Reply Leases::close(sessions::CloseLease call, Connection& connection) {
    const auto session = access_.find(call.id, connection);
    if (!session)
        co_return session.error();
    if (!session->lease)
        co_return make_error(sessions::NotALease{call.id});
    co_await release(slots_, session->id);
    co_return make_reply(sessions::CloseLease::Reply{});
}

Leases::Reply Leases::explain(sessions::Explain call, Connection& connection) {
    if (const auto wrong = wrong_parameter(call.service, call.rhost); !wrong.empty())
        co_return make_error(service::InvalidParameter{std::string{wrong}});
    const auto account = co_await find_account(std::move(call.account), connection);
    if (!account)
        co_return account.error();
    if (!access_.may_act_for(connection, account->uid) && !access_.opens_for_all(connection))
        co_return make_error(sessions::PermissionDenied{});
    Claim claim = claim_of(*account, call.service.value_or(""), std::move(call.rhost), policy_);
    claim.consent = Consent::unasked;
    const Verdict verdict = slots_.look(claim);
    sessions::Explain::Reply reply{.decision = std::string{protocol::name_of(verdict.decision)},
                                   .rule = verdict.rule,
                                   .holder = std::nullopt};
    if (verdict.because == Verdict::Because::trial) {
        reply.decision = "would-" + std::string{protocol::name_of(verdict.would.decision)};
        reply.rule += " and " + verdict.would.rule;
    }
    reply.holder = holder_of(verdict, false, connection);
    co_return make_reply(reply);
}

/// The account that goes by this name, else what to answer.
asio::awaitable<tl::expected<protocol::Account, protocol::Reply>>
Leases::find_account(std::string name, Connection& connection) {
    auto found = co_await accounts_.find(
        std::move(name), {.uid = connection.peer().uid, .opens_for_all = access_.opens_for_all(connection)});
    if (found)
        co_return *std::move(found);
    if (found.error().is_failure)
        co_return tl::unexpected{make_error(sessions::Unavailable{found.error().reason})};
    co_return tl::unexpected{make_error(service::InvalidParameter{"account"})};
}

/// Why this caller does not get a lease of this account, whoever holds its slots.
std::optional<protocol::Reply> Leases::objection(const protocol::Account& account, const Ruling& ruling,
                                                 Connection& connection) {
    const auto opener = connection.peer().uid;
    const bool opens_for_all = access_.opens_for_all(connection);
    if (!opens_for_all && account.uid != opener)
        return make_error(sessions::PermissionDenied{});
    if (ruling.kind == Ruling::Kind::ignored)
        return make_error(sessions::Refused{"This service is no login, so there is no session to open.",
                                            std::nullopt, ruling.rule});
    if (opens_for_all)
        return std::nullopt;
    const auto refused = [this](const char* why) {
        return make_error(
            sessions::Refused{why, std::nullopt, rule_text(config_.lease_users.source, "LeaseUsers")});
    };
    if (!count_)
        count_.emplace(slots_, events_);
    if (count_->of(opener) >= most_of_a_user)
        return refused("This user has as many leases open as one user may have.");
    if (!budget_.spend(opener, boot_time()))
        return refused("This user has asked for too many leases; one more is possible each second.");
    return std::nullopt;
}

/// Everyone may name a service for a lease of their own: such names make no counters.
void Leases::count(const Claim& claim, const std::optional<Answer>& answer, Connection& connection) {
    const bool is_trusted = access_.opens_for_all(connection);
    statistics_.count_answer(
        {.service = is_trusted ? std::string_view{claim.origin.service} : Statistics::other_service,
         .outcome = answer ? outcome_of(*answer) : Outcome::abandon,
         .kind = DecisionKind::lease,
         .took = connection.call_age()});
}

protocol::Reply Leases::refusal(const Verdict& verdict, const Claim& claim, Connection& connection) const {
    const Rules& rules = claim.ruling.rules;
    return make_error(sessions::Refused{refusal_text(verdict, claim.account, rules),
                                        holder_of(verdict, rules.reveal_holder.value, connection),
                                        verdict.rule});
}

/// The session in the way, where the caller may see it or holders are revealed to everybody.
std::optional<protocol::Session> Leases::holder_of(const Verdict& verdict, bool reveals,
                                                   Connection& connection) const {
    if (!verdict.holder || (!reveals && !access_.may_see(connection, *verdict.holder)))
        return std::nullopt;
    return access_.shown(*verdict.holder);
}

} // namespace solo
