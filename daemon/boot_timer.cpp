// SPDX-License-Identifier: MIT
#include "daemon/boot_timer.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/timerfd.h>
#include <unistd.h>

namespace solo {

namespace {

int make_timer() {
    const int fd = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        throw std::system_error{errno, std::generic_category(), "timerfd_create"};
    return fd;
}

} // namespace

BootTimer::BootTimer(const asio::any_io_executor& executor, Expired expired)
    : expired_{std::move(expired)}, timer_{executor, make_timer()} {}

void BootTimer::set(std::optional<std::int64_t> time) {
    if (time == time_)
        return;
    time_ = time;
    itimerspec when{}; // all zero: none
    if (time) {
        const std::int64_t due = std::max<std::int64_t>(*time, 1);
        when.it_value = {.tv_sec = due / 1'000'000, .tv_nsec = due % 1'000'000 * 1'000};
    }
    ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &when, nullptr);
    if (time_)
        await();
}

void BootTimer::await() {
    if (std::exchange(is_awaited_, true))
        return;
    timer_.async_wait(asio::posix::stream_descriptor::wait_read, [this](std::error_code error) {
        if (error) // this may be no more
            return;
        is_awaited_ = false;
        std::uint64_t count = 0;
        if (::read(timer_.native_handle(), &count, sizeof count) != sizeof count) { // set anew meanwhile
            await();
            return;
        }
        time_.reset();
        expired_();
    });
}

} // namespace solo
