// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

namespace solo {

/// Tells systemd from the event loop that the loop turns, twice in WatchdogSec= (systemd.service(5)); a
/// daemon that hangs is restarted. Does nothing where systemd does not ask for it.
class Watchdog {
public:
    explicit Watchdog(const asio::any_io_executor& executor);

    /// From now on. systemd begins to count at READY=1.
    void start();

private:
    void step();

    std::chrono::microseconds interval_; ///< none: zero
    asio::steady_timer timer_;
};

} // namespace solo
