// SPDX-License-Identifier: MIT
#include "daemon/watchdog.hpp"

#include "daemon/service_manager.hpp"

namespace solo {

Watchdog::Watchdog(const asio::any_io_executor& executor)
    : interval_{watchdog_time() / 2}, timer_{executor} {}

void Watchdog::start() {
    if (interval_ > interval_.zero())
        step();
}

void Watchdog::step() {
    (void)notify_service_manager("WATCHDOG=1");
    timer_.expires_after(interval_);
    timer_.async_wait([this](std::error_code error) {
        if (!error)
            step();
    });
}

} // namespace solo
