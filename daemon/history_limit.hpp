// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/now.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/store.hpp"

#include <chrono>
#include <functional>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

namespace solo {

/// Deletes the records of sessions that ended too long ago: a few at a time, with pauses, so that no login
/// waits for it. A database in which nothing is too old is asked one short question now and then.
class HistoryLimit {
public:
    /// Told after each transaction how many records are gone.
    using Evicted = std::function<void(int)>;

    /// Whether to write later, as while a checkpoint runs: it ends where nobody writes.
    using MustWait = std::function<bool()>;

    /// Does nothing before keep(). The store must outlive this.
    HistoryLimit(const asio::any_io_executor& executor, Store& store, Evicted evicted, MustWait must_wait);

    /// From now on records stay this long; begins at once, from the event loop.
    void keep(TimeLimit time);

private:
    void schedule(std::chrono::milliseconds pause);
    void step();

    Store& store_;
    Evicted evicted_;
    MustWait must_wait_;
    TimeLimit time_;
    Now start_;
    SessionId after_; ///< where the next step begins
    asio::steady_timer timer_;
};

/// The present, in microseconds since the Unix epoch, unless the clock was set ahead since `start`: then what
/// it would be.
std::int64_t unadvanced(const Now& start, const Now& now);

} // namespace solo
