// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <asio/any_io_executor.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

/// Wakes coroutines of the event loop that wait for something that others bring. It keeps nothing: who waits
/// looks first whether it is there, and looks again when it is woken.
class Wake {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Wake(const asio::any_io_executor& executor) : timer_{executor, TimePoint::max()} {}

    /// Everybody who waits goes on.
    void notify() { timer_.cancel(); }

    /// To be awaited: over with the next notify().
    auto wait() { return timer_.async_wait(asio::experimental::as_tuple(asio::use_awaitable)); }

    /// The same, and over at that time at the latest, also for those who wait already.
    auto wait_until(TimePoint time) {
        if (timer_.expiry() != time)
            timer_.expires_at(time); // wakes who waits
        return wait();
    }

private:
    asio::steady_timer timer_;
};

} // namespace solo
