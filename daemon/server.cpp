// SPDX-License-Identifier: MIT
#include "daemon/server.hpp"

#include "daemon/log.hpp"

#include <chrono>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

/// How long to wait where no descriptor is free, before accepting again.
constexpr std::chrono::milliseconds accept_pause{100};

} // namespace

Server::Server(Acceptor acceptor, const Dispatcher& dispatcher, const Turns& turns, ServerLimits limits)
    : acceptor_{std::move(acceptor)}, dispatcher_{dispatcher}, turns_{turns}, limits_{std::move(limits)} {}

asio::awaitable<void> Server::run() {
    for (;;) {
        auto [error, socket] =
            co_await acceptor_.async_accept(asio::experimental::as_tuple(asio::use_awaitable));
        std::string failure = error ? error.message() : welcome(std::move(socket));
        if (failure.empty())
            continue;
        log(Priority::error, "accepting a connection failed: {}", failure);
        asio::steady_timer pause{acceptor_.get_executor(), accept_pause};
        co_await pause.async_wait(asio::use_awaitable);
    }
}

/// Serves the connection, or turns it away; what failed where neither was possible.
std::string Server::welcome(Connection::Socket socket) {
    try {
        auto peer = attest_peer(socket.native_handle());
        if (!peer)
            return {}; // it is gone already
        socket.non_blocking(true);
        if (const protocol::Reply* const reply = objection(peer->uid)) {
            ++refused_;
            std::error_code ignored;
            socket.write_some(asio::buffer(protocol::to_frame(*reply)), ignored);
            return {};
        }
        serve(
            std::make_shared<Connection>(std::move(socket), std::move(*peer), dispatcher_, limits_.message));
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

std::shared_ptr<Connection> Server::adopt(protocol::UniqueFd fd) {
    auto peer = attest_peer(fd.get());
    if (!peer)
        return nullptr;
    Connection::Socket socket{acceptor_.get_executor(), asio::local::stream_protocol{}, fd.get()};
    (void)fd.release();
    socket.non_blocking(true);
    auto connection =
        std::make_shared<Connection>(std::move(socket), std::move(*peer), dispatcher_, limits_.message);
    serve(connection);
    return connection;
}

void Server::serve(const std::shared_ptr<Connection>& connection) {
    const uid_t uid = connection->peer().uid;
    ++open_;
    if (uid != 0) {
        ++connections_[uid];
        ++total_;
    }
    const asio::any_io_executor executor =
        limits_.is_root_only ? acceptor_.get_executor() : asio::any_io_executor{turns_.of(uid)};
    asio::co_spawn(
        executor, [connection]() { return connection->run(); },
        [this, uid](const std::exception_ptr& /*run() lets none out*/) {
            --open_;
            if (uid == 0)
                return;
            --total_;
            if (--connections_[uid] == 0)
                connections_.erase(uid);
        });
}

/// What a new connection of this user is told instead of being served; null where it is served.
const protocol::Reply* Server::objection(uid_t uid) const {
    if (uid == 0)
        return nullptr;
    if (limits_.is_root_only)
        return &limits_.forbidden;
    const auto own = connections_.find(uid);
    const bool is_too_many = own != connections_.end() && own->second >= limits_.per_uid;
    return is_too_many || total_ >= limits_.total ? &limits_.too_many : nullptr;
}

} // namespace solo
