// SPDX-License-Identifier: MIT
#include "pam_module/solod.hpp"

#include "protocol/account_lookup.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/service_messages.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <poll.h>

namespace solo::pam {

namespace {

using namespace std::chrono_literals;
using protocol::Channel;
using protocol::Deadline;
using protocol::Decision;
using protocol::Fault;
using protocol::Named;
namespace login = protocol::login;
namespace service = protocol::service;

/// How long a socket that is absent or refuses is tried again.
constexpr auto absence = 1s;
/// How many connections may be lost before the daemon counts as unavailable.
constexpr int max_losses = 5;

tl::unexpected<Problem> unanswered(std::string reason) {
    return tl::unexpected{Problem{.refused = std::nullopt, .reason = std::move(reason)}};
}

tl::unexpected<Problem> unanswered(const protocol::Failure& failure) {
    return tl::unexpected{Problem{
        .refused = std::nullopt, .reason = failure.text(), .is_lost = failure.fault == Fault::closed}};
}

/// What an error reply means: only the daemon's own Refused is a decision.
tl::unexpected<Problem> problem_of(const protocol::ReceivedReply& reply) {
    if (reply.error == login::Refused::error) {
        auto refused = protocol::decode<login::Refused>(reply.parameters);
        if (!refused)
            return unanswered("Refused without " + refused.error().name);
        return tl::unexpected{Problem{.refused = *std::move(refused), .reason = {}}};
    }
    if (reply.error == service::InvalidParameter::error) {
        const auto wrong = protocol::decode<service::InvalidParameter>(reply.parameters);
        const std::string parameter = wrong ? wrong->parameter : "";
        return tl::unexpected{Problem{.refused = std::nullopt,
                                      .reason = reply.error + ": " + parameter,
                                      .wants_groups = parameter == "account.gids"}};
    }
    std::string reason = reply.error;
    if (const auto why = protocol::decode<login::Unavailable>(reply.parameters))
        reason += ": " + why->reason;
    return unanswered(std::move(reason));
}

template<class Method>
tl::expected<typename Method::Reply, Problem> call(Channel& channel, const Method& method,
                                                   Deadline deadline) {
    auto reply = channel.call(protocol::make_call(method), deadline);
    if (!reply)
        return unanswered(reply.error());
    if (reply->failed())
        return problem_of(*reply);
    if (reply->continues)
        return unanswered("a reply that continues was not asked for");
    auto decoded = protocol::decode<typename Method::Reply>(reply->parameters);
    if (!decoded)
        return unanswered("the reply's " + decoded.error().name + " is missing or wrong");
    return *std::move(decoded);
}

/// A call about an account, and the same again with its groups where the daemon wants to know them. The
/// groups stay in the method, for another connection.
template<class Method>
tl::expected<typename Method::Reply, Problem> call_with_groups(Channel& channel, Method& method,
                                                               Deadline deadline) {
    auto reply = call(channel, method, deadline);
    if (reply || !reply.error().wants_groups || method.account.gids)
        return reply;
    auto gids = protocol::look_up_groups(method.account);
    if (!gids)
        return unanswered(std::move(gids).error().reason);
    method.account.gids = *std::move(gids);
    return call(channel, method, deadline);
}

tl::expected<void, Problem> confirm(Channel& channel, const std::string& id, Deadline deadline) {
    auto call = protocol::make_call(login::Confirm{.id = id});
    call.oneway = true;
    if (auto sent = channel.call(call, deadline); !sent)
        return unanswered(sent.error());
    return {};
}

/// Ids go into the environment of the person's programs, so only what an id needs is let through.
bool is_id(const std::string& text) {
    constexpr std::size_t max_id = 64;
    return !text.empty() && text.size() <= max_id && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
}

void pause(std::chrono::milliseconds time, Deadline deadline) {
    (void)::poll(nullptr, 0, Deadline::in(time).or_earlier(deadline).poll_timeout());
}

} // namespace

/// Runs the attempt over a new connection, and over another where that one is lost on the way.
template<class Attempt>
auto Solod::until_answered(Attempt attempt, Named named) const -> decltype(attempt(std::declval<Channel>())) {
    auto interval = 20ms;
    for (int losses = 0;; ++losses, interval *= 2) {
        auto channel =
            Channel::connect(socket_, deadline_, Deadline::in(absence), /*server=*/uid_t{0}, named);
        if (!channel)
            return unanswered(channel.error());
        auto answer = attempt(*std::move(channel));
        if (answer || !answer.error().is_lost || losses == max_losses || deadline_.passed())
            return answer;
        pause(interval, deadline_);
    }
}

tl::expected<login::Check::Reply, Problem> Solod::check(login::Check check) const {
    return until_answered([&](Channel channel) { return call_with_groups(channel, check, deadline_); });
}

tl::expected<Opened, Problem> Solod::open(login::Open open) const {
    const auto attempt = [&](Channel channel) -> tl::expected<Opened, Problem> {
        auto reply = call_with_groups(channel, open, deadline_);
        if (!reply)
            return tl::unexpected{std::move(reply).error()};
        if (reply->decision == Decision::ignore)
            return Opened{{}, {}, std::move(channel)};
        if (reply->decision != Decision::grant || !reply->id || !is_id(*reply->id))
            return unanswered("the reply to Open is neither a grant nor a refusal");
        if (auto confirmed = confirm(channel, *reply->id, deadline_); !confirmed)
            return tl::unexpected{std::move(confirmed).error()};
        return Opened{*std::move(reply->id), std::move(reply->notice), std::move(channel)};
    };
    return until_answered(attempt, Named::as_line);
}

tl::expected<void, Problem> Solod::close(const std::string& id) const {
    return until_answered([&](Channel channel) { return close(id, channel); });
}

tl::expected<void, Problem> Solod::close(const std::string& id, Channel& channel) const {
    auto reply = call(channel, login::Close{.id = id}, deadline_);
    if (!reply)
        return tl::unexpected{std::move(reply).error()};
    return {};
}

} // namespace solo::pam
