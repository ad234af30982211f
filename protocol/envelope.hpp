// SPDX-License-Identifier: MIT
// What varlink puts around the parameters of a call and of a reply (varlink.org, "Method Call").
#pragma once

#include "protocol/codec.hpp"
#include "protocol/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace solo::protocol {

/// One method call, as it is sent. At most one of the three flags is set in a valid call.
struct Call {
    std::string method;
    std::string parameters = "{}"; ///< the text of a JSON object
    bool oneway = false;           ///< no reply is wanted
    bool more = false;             ///< any number of replies is wanted
    bool upgrade = false; ///< the connection is to speak something else afterwards; no method here does
};

/// One reply to a call, as it is sent.
struct Reply {
    std::string parameters = "{}"; ///< the text of a JSON object
    std::string error;             ///< the error's full name; empty where the call succeeded
    bool continues = false;        ///< another reply to the same call follows
};

/// A call that has come.
struct ReceivedCall {
    std::string method;
    Json parameters = Json::object();
    bool oneway = false;
    bool more = false;
    bool upgrade = false;
};

/// A reply that has come.
struct ReceivedReply {
    Json parameters = Json::object();
    std::string error;
    bool continues = false;

    [[nodiscard]] bool failed() const { return !error.empty(); }
};

/// Reads a call from a message's text (without its NUL). Nothing where it is not a varlink call.
std::optional<ReceivedCall> parse_call(std::string_view text);

/// Reads a reply from a message's text (without its NUL). Nothing where it is not a varlink reply.
std::optional<ReceivedReply> parse_reply(std::string_view text);

/// A message as it goes over the socket, its terminating NUL included.
std::string to_frame(const Call& call);
std::string to_frame(const Reply& reply);

template<Message T>
Call make_call(const T& message) {
    return Call{.method = std::string{T::method}, .parameters = to_json(message)};
}

template<Message T>
Reply make_reply(const T& message) {
    return Reply{.parameters = to_json(message), .error = {}};
}

template<Message T>
    requires requires { T::error; }
Reply make_error(const T& message) {
    return Reply{.parameters = to_json(message), .error = std::string{T::error}};
}

} // namespace solo::protocol
