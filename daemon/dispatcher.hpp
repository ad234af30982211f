// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/envelope.hpp"
#include "protocol/service_messages.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <asio/awaitable.hpp>

namespace solo {

class Connection;

/// Finds the handler of a method, reads its parameters, and answers what every varlink service answers.
class Dispatcher {
public:
    /// Whether a call wants any number of replies.
    enum class Replies : std::uint8_t { one, many };

    /// Also answers org.varlink.service.GetInfo and GetInterfaceDescription, for these interfaces.
    explicit Dispatcher(std::vector<std::string> interfaces);
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Serves the method of Message with handler(message, connection, replies) → awaitable<Reply>.
    template<protocol::Message Message, class Handler>
    void add(Handler handler) {
        methods_.emplace(
            Message::method,
            [handler = std::move(handler)](const protocol::ReceivedCall& call,
                                           Connection& connection) -> asio::awaitable<protocol::Reply> {
                auto message = protocol::decode<Message>(call.parameters);
                if (!message)
                    co_return protocol::make_error(protocol::service::InvalidParameter{message.error().name});
                co_return co_await handler(std::move(*message), connection,
                                           call.more ? Replies::many : Replies::one);
            });
    }

    /// Answers a call. Throws what its handler throws, which costs this connection alone (Connection::run).
    asio::awaitable<protocol::Reply> dispatch(const protocol::ReceivedCall& call,
                                              Connection& connection) const;

private:
    using Method =
        std::function<asio::awaitable<protocol::Reply>(const protocol::ReceivedCall&, Connection&)>;

    [[nodiscard]] protocol::Reply unknown(const std::string& method) const;

    std::vector<std::string> interfaces_;
    std::map<std::string, Method, std::less<>> methods_;
};

} // namespace solo
