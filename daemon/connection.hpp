// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/peer.hpp"
#include "protocol/envelope.hpp"
#include "protocol/frame_reader.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

namespace solo {

class Dispatcher;

/// One client: reads its calls, has them answered one after the other, and writes the replies.
///
/// A client that breaks a limit (size of a message, time to send one, time to take a reply) is dropped.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    using Socket = asio::local::stream_protocol::socket;

    /// The dispatcher must outlive the connection.
    Connection(Socket socket, Peer peer, const Dispatcher& dispatcher, std::size_t message_limit);

    /// Serves until the client goes or is dropped, then calls what on_end() was given. Keeps itself alive.
    asio::awaitable<void> run();

    /// Sends one of several replies to a call; the last one is what its handler returns. Throws where the
    /// client has gone or does not take it in time.
    asio::awaitable<void> send(const protocol::Reply& reply);

    /// Whether the client has gone: nobody waits for the answer to its call.
    [[nodiscard]] bool has_hung_up();

    /// Calls back once, from the event loop, when the client has gone while a call is being answered; nothing
    /// before that. Not if the handler returns first.
    void on_hang_up(std::function<void()> callback);

    /// Calls back when the connection is over; all who asked for it.
    void on_end(std::function<void()> callback) { on_end_.push_back(std::move(callback)); }

    /// Since the call that is being answered was read.
    [[nodiscard]] std::chrono::nanoseconds call_age() const {
        return std::chrono::steady_clock::now() - call_read_;
    }

    [[nodiscard]] const Peer& peer() const { return peer_; }
    [[nodiscard]] int fd() { return socket_.native_handle(); }

private:
    asio::awaitable<void> serve();
    void read_first();
    asio::awaitable<bool> read_more();
    asio::awaitable<bool> answer(std::string_view message);
    static asio::awaitable<void> let_others();
    void shut();
    void arm();
    void disarm();

    Socket socket_;
    Peer peer_;
    const Dispatcher& dispatcher_;
    protocol::FrameReader reader_;
    std::chrono::steady_clock::time_point call_read_;
    bool is_hang_up_awaited_ = false;
    std::unique_ptr<asio::steady_timer> timer_; ///< while a message is on its way; most connections are idle
    std::vector<std::function<void()>> on_end_;
};

} // namespace solo
