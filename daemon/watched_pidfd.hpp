// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <poll.h>

namespace solo {

/// A pidfd in the event loop.
///
/// It leaves the loop before it is closed: Asio just closes descriptors, and the kernel goes on reporting one
/// of which a duplicate is open. Even so Asio may wake it with an event of a descriptor that has gone (what
/// is queued for that one finds its successor in the same place), so who is woken asks has_exited().
class WatchedPidfd {
public:
    WatchedPidfd(const asio::any_io_executor& executor, protocol::UniqueFd pidfd) : descriptor_{executor} {
        descriptor_.assign(pidfd.get());
        (void)pidfd.release();
    }
    WatchedPidfd(WatchedPidfd&& other) noexcept = default;
    WatchedPidfd& operator=(WatchedPidfd&& other) = delete;
    ~WatchedPidfd() {
        if (descriptor_.is_open())
            const protocol::UniqueFd closed{descriptor_.release()};
    }

    [[nodiscard]] bool has_exited() {
        pollfd exited{.fd = descriptor_.native_handle(), .events = POLLIN, .revents = 0};
        return ::poll(&exited, 1, 0) > 0;
    }

    /// Completes when the process may have exited.
    template<class Token>
    auto async_wait(Token&& token) {
        return descriptor_.async_wait(asio::posix::descriptor_base::wait_read, std::forward<Token>(token));
    }

    void cancel() { descriptor_.cancel(); }

private:
    asio::posix::stream_descriptor descriptor_;
};

} // namespace solo
