// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/signals_blocked.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

namespace solo {

/// Does in a thread what waits for the disk, so that no login waits for it. The thread is started when it is
/// first needed.
class WorkThread {
public:
    /// `executor` is the event loop's.
    explicit WorkThread(asio::any_io_executor executor) : executor_{std::move(executor)} {}
    WorkThread(const WorkThread&) = delete;
    WorkThread& operator=(const WorkThread&) = delete;

    /// Waits for the work that is under way.
    ~WorkThread() {
        if (thread_)
            thread_->join();
    }

    /// Does `work`, after what it was given before, and then `done` with the result in the event loop, as
    /// long as this lives. `work` must not throw.
    template<class Work, class Done>
    void run(Work work, Done done) {
        if (!thread_) {
            const SignalsBlocked blocked;
            thread_.emplace(1);
        }
        auto job = [work = std::move(work), done = std::move(done), still_here = std::weak_ptr{here_},
                    loop = asio::make_work_guard(executor_)]() mutable {
            auto tell = [done = std::move(done), still_here = std::move(still_here), result = work()] {
                if (!still_here.expired())
                    done(result);
            };
            asio::post(loop.get_executor(), std::move(tell));
        };
        asio::post(*thread_, std::move(job));
    }

private:
    asio::any_io_executor executor_;
    std::shared_ptr<char> here_ = std::make_shared<char>(); ///< gone with this
    std::optional<asio::thread_pool> thread_;
};

} // namespace solo
