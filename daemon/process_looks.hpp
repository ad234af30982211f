// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/process_snapshot.hpp"
#include "daemon/wake.hpp"
#include "daemon/work_thread.hpp"

#include <exception>
#include <memory>
#include <stop_token>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace solo {

/// Looks at /proc in a thread, so that no login waits for it, however many processes and descriptors there
/// are. Those who ask while a look is on its way are served together, by the next one.
class ProcessLooks {
public:
    /// `executor` is the event loop's.
    explicit ProcessLooks(asio::any_io_executor executor)
        : executor_{std::move(executor)}, thread_{executor_} {}
    ProcessLooks(const ProcessLooks&) = delete;
    ProcessLooks& operator=(const ProcessLooks&) = delete;

    /// Gives up the look that is on its way.
    ~ProcessLooks() { stop_.request_stop(); }

    /// What a look finds that begins after this. Throws what take_snapshot() throws.
    asio::awaitable<std::shared_ptr<const ProcessSnapshot>> look(ProcessQuery query);

private:
    struct Found {
        std::shared_ptr<const ProcessSnapshot> snapshot;
        std::exception_ptr failure;
    };
    struct Round {
        explicit Round(const asio::any_io_executor& executor) : wake{executor} {}

        ProcessQuery query;
        Found found;
        bool is_done = false;
        Wake wake;
    };

    void begin();
    void finish(Round& round, const Found& found);
    static Found find(const ProcessQuery& query, const std::stop_token& stop);

    asio::any_io_executor executor_;
    std::shared_ptr<Round> next_; ///< that of who asks now; none where nobody has asked
    bool is_looking_ = false;
    std::stop_source stop_;
    WorkThread thread_;
};

} // namespace solo
