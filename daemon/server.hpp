// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/connection.hpp"
#include "daemon/turns.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/local/stream_protocol.hpp>

namespace solo {

/// What a listening socket allows.
struct ServerLimits {
    std::size_t message;       ///< bytes of one message
    std::size_t per_uid;       ///< connections of one user other than root
    std::size_t total;         ///< connections of all users other than root
    bool is_root_only = false; ///< whether others are turned away; what is served then cannot wait
    protocol::Reply too_many;  ///< what one connection too many is told
    protocol::Reply forbidden; ///< what others are told where is_root_only
};

/// Accepts connections on one listening socket and serves each.
class Server {
public:
    using Acceptor = asio::local::stream_protocol::acceptor;

    /// The dispatcher and the turns must outlive the server. Where it is not for root only, all are served in
    /// turns.
    Server(Acceptor acceptor, const Dispatcher& dispatcher, const Turns& turns, ServerLimits limits);

    /// Accepts until the event loop ends.
    asio::awaitable<void> run();

    /// Serves a connection that an earlier run has accepted; null where its peer is gone.
    std::shared_ptr<Connection> adopt(protocol::UniqueFd fd);

    [[nodiscard]] std::int64_t open_connections() const { return open_; }
    [[nodiscard]] std::int64_t refused_connections() const { return refused_; }

private:
    std::string welcome(Connection::Socket socket);
    void serve(const std::shared_ptr<Connection>& connection);
    [[nodiscard]] const protocol::Reply* objection(uid_t uid) const;

    Acceptor acceptor_;
    const Dispatcher& dispatcher_;
    const Turns& turns_;
    ServerLimits limits_;
    std::map<uid_t, std::size_t> connections_; ///< of users other than root
    std::size_t total_ = 0;
    std::int64_t open_ = 0; ///< of everyone
    std::int64_t refused_ = 0;
};

} // namespace solo
