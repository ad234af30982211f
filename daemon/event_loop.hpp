// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <stdexcept>
#include <system_error>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

namespace solo {

/// Asio's event loop, for one thread. Throws where its timers would never come, because epoll had no room for
/// them: Asio does not look (the constructor of epoll_reactor), and no session could be ended any more.
class EventLoop : public asio::io_context {
public:
    EventLoop() : asio::io_context{1} {
        bool has_come = false;
        asio::steady_timer timer{*this, std::chrono::milliseconds{1}};
        timer.async_wait([&](std::error_code /*error*/) { has_come = true; });
        run_for(std::chrono::seconds{1});
        restart();
        if (!has_come)
            throw std::runtime_error{"timers do not come: epoll has no room for them"};
    }
};

} // namespace solo
