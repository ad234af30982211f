// SPDX-License-Identifier: MIT
#include "daemon/checkpointer.hpp"

#include "daemon/signals_blocked.hpp"
#include "daemon/store.hpp"

#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

namespace solo {

Checkpointer::Checkpointer(asio::any_io_executor executor, std::string path, Done done)
    : executor_{std::move(executor)}, path_{std::move(path)}, done_{std::make_shared<Done>(std::move(done))} {
}

Checkpointer::~Checkpointer() {
    if (thread_)
        thread_->join();
}

void Checkpointer::begin() {
    if (!thread_) {
        const SignalsBlocked blocked;
        thread_.emplace(1);
    }
    is_running_ = true;
    asio::post(*thread_, [this, work = asio::make_work_guard(executor_)] {
        auto done = [this, still_here = std::weak_ptr{done_}, result = checkpoint(path_)] {
            if (still_here.expired())
                return;
            is_running_ = false;
            (*done_)(result);
        };
        asio::post(executor_, std::move(done));
    });
}

} // namespace solo
