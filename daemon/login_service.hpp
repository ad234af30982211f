// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/policy.hpp"
#include "daemon/descriptor_store.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/events.hpp"
#include "daemon/line.hpp"
#include "daemon/slots.hpp"
#include "daemon/statistics.hpp"
#include "protocol/login_messages.hpp"

#include <unordered_map>

#include <asio/awaitable.hpp>

namespace solo {

/// Answers org.pamsolo.Login: what login programs ask.
class LoginService {
public:
    /// All must outlive the service; `policy` may change between calls.
    LoginService(Slots& slots, const Policy& policy, const Events& events, DescriptorStore& kept,
                 Statistics& statistics);

    [[nodiscard]] const Dispatcher& dispatcher() const { return dispatcher_; }

    /// This connection is the line of a session, from now on and over a restart of the daemon.
    void take_line(const SessionId& id, Connection& connection);

private:
    using Reply = asio::awaitable<protocol::Reply>;

    Reply check(protocol::login::Check call, Connection& connection);
    Reply open(protocol::login::Open call, Connection& connection);
    Reply confirm(protocol::login::Confirm call, Connection& connection);
    Reply close(protocol::login::Close call, Connection& connection);

    void line_ended(const SessionId& id, const Connection* connection);

    Slots& slots_;
    const Policy& policy_;
    const Events& events_;
    DescriptorStore& kept_;
    Statistics& statistics_;
    Dispatcher dispatcher_;
    SocketDiagnosis sockets_;
    /// The connection that is a session's line. A retry after a lost reply makes its own connection the line.
    std::unordered_map<SessionId, const Connection*> lines_;
};

} // namespace solo
