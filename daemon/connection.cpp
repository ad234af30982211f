// SPDX-License-Identifier: MIT
#include "daemon/connection.hpp"

#include "daemon/dispatcher.hpp"
#include "daemon/log.hpp"

#include <chrono>
#include <tuple>

#include <asio/buffer.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <poll.h>
#include <sys/socket.h>

namespace solo {

namespace {

constexpr auto use_tuple = asio::experimental::as_tuple(asio::use_awaitable);

/// How long a client may take for the rest of a message that it has begun, or to take a reply.
constexpr std::chrono::seconds message_time{10};

/// How long to wait where the kernel has no memory for what a client says, before it is asked again.
constexpr std::chrono::milliseconds shortage_pause{100};

bool is_shortage(std::error_code error) {
    return error == asio::error::no_memory || error == asio::error::no_buffer_space;
}

} // namespace

Connection::Connection(Socket socket, Peer peer, const Dispatcher& dispatcher, std::size_t message_limit)
    : socket_{std::move(socket)}, peer_{std::move(peer)}, dispatcher_{dispatcher}, reader_{message_limit} {}

asio::awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    try {
        co_await serve();
    } catch (const std::exception& error) {
        log(Priority::info, "connection of pid {} (uid {}) dropped: {}", peer_.pid, peer_.uid, error.what());
    }
    disarm();
    shut();
    for (const auto& callback : std::exchange(on_end_, {}))
        callback();
}

asio::awaitable<void> Connection::serve() {
    read_first();
    for (;;) {
        if (const auto message = reader_.next()) {
            disarm();
            if (!co_await answer(*message))
                co_return;
            if (reader_.has_partial())
                co_await let_others();
        } else if (reader_.over_limit() || !co_await read_more()) {
            co_return;
        }
    }
}

/// A login's first call comes with its connection: no round of the event loop for it. What goes wrong here
/// goes wrong at the next read, too.
void Connection::read_first() {
    const auto free = reader_.space();
    std::error_code ignored;
    reader_.received(socket_.read_some(asio::buffer(free.data(), free.size()), ignored));
}

/// Reads what there is; false at the end of the stream. What fails here says nothing of the client, whose
/// login may have been granted: it is not dropped for that.
asio::awaitable<bool> Connection::read_more() {
    if (reader_.has_partial() && !timer_)
        arm();
    const auto free = reader_.space();
    const auto space = asio::buffer(free.data(), free.size());
    auto [error, count] = co_await socket_.async_read_some(space, use_tuple);
    while (is_shortage(error)) {
        asio::steady_timer pause{socket_.get_executor(), shortage_pause};
        co_await pause.async_wait(asio::use_awaitable);
        // Asio would wait for an event, and the one that there was is used up.
        count = socket_.read_some(space, error);
        if (error == asio::error::would_block)
            std::tie(error, count) = co_await socket_.async_read_some(space, use_tuple);
    }
    reader_.received(count);
    co_return !error;
}

/// Answers one message; false where it was no call, after which nothing that follows can be trusted.
asio::awaitable<bool> Connection::answer(std::string_view message) {
    call_read_ = std::chrono::steady_clock::now();
    const auto call = protocol::parse_call(message);
    if (!call)
        co_return false;
    const auto reply = co_await dispatcher_.dispatch(*call, *this);
    if (std::exchange(is_hang_up_awaited_, false))
        socket_.cancel();
    if (!call->oneway)
        co_await send(reply);
    co_return true;
}

/// Lets everything else that is ready be done first.
asio::awaitable<void> Connection::let_others() {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

asio::awaitable<void> Connection::send(const protocol::Reply& reply) {
    if (reply.continues)
        co_await let_others();
    const std::string frame = protocol::to_frame(reply);
    // Most replies fit into the socket's buffer: no timer for them.
    std::error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(frame), error);
    if (!error && sent == frame.size())
        co_return;
    if (error && error != asio::error::would_block)
        throw std::system_error{error};
    arm();
    co_await asio::async_write(socket_, asio::buffer(frame) + sent, asio::use_awaitable);
    disarm();
}

bool Connection::has_hung_up() {
    pollfd state{.fd = socket_.native_handle(), .events = 0, .revents = 0};
    return ::poll(&state, 1, 0) > 0;
}

/// Asio is asked for the moment only: it may take an event of a descriptor that has gone for one of this
/// socket, and knows no more of a hang-up that came together with the call.
void Connection::on_hang_up(std::function<void()> callback) {
    is_hang_up_awaited_ = true;
    if (has_hung_up()) {
        asio::post(socket_.get_executor(), std::move(callback));
        return;
    }
    socket_.async_wait(
        asio::socket_base::wait_error,
        [self = shared_from_this(), callback = std::move(callback)](std::error_code error) mutable {
            if (!error && self->is_hang_up_awaited_)
                self->on_hang_up(std::move(callback));
        });
}

/// A line may be held by systemd as well: it has to leave the event loop before it is closed, and its other
/// end has to see that nobody serves it any more.
void Connection::shut() {
    if (!socket_.is_open())
        return;
    const protocol::UniqueFd closed{socket_.release()};
    ::shutdown(closed.get(), SHUT_RDWR);
}

void Connection::arm() {
    timer_ = std::make_unique<asio::steady_timer>(socket_.get_executor(), message_time);
    timer_->async_wait([self = shared_from_this()](std::error_code error) {
        if (!error)
            self->shut();
    });
}

void Connection::disarm() {
    timer_.reset();
}

} // namespace solo
