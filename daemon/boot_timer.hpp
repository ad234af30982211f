// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace solo {

/// Calls at a time of CLOCK_BOOTTIME, which clock jumps do not move and which runs on while the host is
/// suspended (timerfd_create(2)); Asio's own timers stand still then.
class BootTimer {
public:
    using Expired = std::function<void()>;

    /// Throws std::system_error where the kernel has no timer for it.
    BootTimer(const asio::any_io_executor& executor, Expired expired);

    /// Calls once at this time, in microseconds, from the event loop; at none where there is none. What was
    /// set before is forgotten.
    void set(std::optional<std::int64_t> time);

private:
    void await();

    Expired expired_;
    asio::posix::stream_descriptor timer_;
    std::optional<std::int64_t> time_;
    bool is_awaited_ = false;
};

} // namespace solo
