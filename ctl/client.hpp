// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/error_text.hpp"
#include "ctl/problem.hpp"
#include "protocol/channel.hpp"
#include "protocol/envelope.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace solo::ctl {

/// solod could not be reached, or gave no usable answer.
class Unanswered : public Problem {
public:
    Unanswered(const std::string& text, protocol::Fault fault)
        : Problem{exit_unreachable, text}, fault_{fault} {}

    [[nodiscard]] protocol::Fault fault() const { return fault_; }

private:
    protocol::Fault fault_;
};

/// A connection to solod. Whatever keeps a call from its reply is thrown as a Problem.
class Client {
public:
    /// How long solod may take to answer. Ending a session may take its GraceTime and more.
    static constexpr std::chrono::seconds usual_time{10};
    static constexpr std::chrono::seconds ending_time{60};

    explicit Client(std::string socket);

    /// Calls and waits for the reply.
    template<protocol::Message M>
    typename M::Reply call(const M& message, std::chrono::seconds time = usual_time) {
        return decoded<typename M::Reply>(
            succeeded(exchange(protocol::make_call(message), protocol::Deadline::in(time))));
    }

    /// The same, but nothing where solod answers with this error.
    template<protocol::Message Error, protocol::Message M>
    std::optional<typename M::Reply> call_unless(const M& message, std::chrono::seconds time = usual_time) {
        const auto reply = exchange(protocol::make_call(message), protocol::Deadline::in(time));
        if (is_error<Error>(reply))
            return std::nullopt;
        return decoded<typename M::Reply>(succeeded(reply));
    }

    /// Calls with more and gives each reply to `take`. None is either said by the error None or by a single
    /// reply without parameters.
    template<protocol::Message None, protocol::Message M, class Take>
    void call_more(const M& message, Take take) {
        auto call = protocol::make_call(message);
        call.more = true;
        auto reply = exchange(call, protocol::Deadline::in(usual_time));
        if (is_error<None>(reply))
            return;
        while (succeeded(reply).continues) {
            take(decoded<typename M::Reply>(reply));
            reply = next(protocol::Deadline::in(usual_time));
        }
        if (!reply.parameters.empty())
            take(decoded<typename M::Reply>(reply));
    }

    /// Calls with more and gives each reply to `take` as it comes, however long that takes. Returns where
    /// solod says that there are no more.
    template<protocol::Message M, class Take>
    void for_each_reply(const M& message, Take take) {
        auto call = protocol::make_call(message);
        call.more = true;
        auto reply = exchange(call, protocol::Deadline::never());
        while (succeeded(reply).continues) {
            take(decoded<typename M::Reply>(reply));
            reply = next(protocol::Deadline::never());
        }
    }

private:
    protocol::ReceivedReply exchange(const protocol::Call& call, protocol::Deadline deadline);
    protocol::ReceivedReply next(protocol::Deadline deadline);

    /// The reply itself where it is no error.
    static const protocol::ReceivedReply& succeeded(const protocol::ReceivedReply& reply);

    template<protocol::Message R>
    R decoded(const protocol::ReceivedReply& reply) const {
        auto message = protocol::decode<R>(reply.parameters);
        if (!message)
            throw_undecodable(message.error().name);
        return *std::move(message);
    }

    protocol::ReceivedReply checked(tl::expected<protocol::ReceivedReply, protocol::Failure> reply) const;
    [[noreturn]] void throw_undecodable(const std::string& field) const;

    std::string socket_;
    protocol::Channel channel_;
};

} // namespace solo::ctl
