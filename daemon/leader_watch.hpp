// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"
#include "daemon/process_handle.hpp"
#include "daemon/watched_pidfd.hpp"

#include <functional>
#include <unordered_map>

#include <asio/any_io_executor.hpp>

namespace solo {

/// Watches the leaders of sessions by their pidfds and says when one has exited.
class LeaderWatch {
public:
    using Exited = std::function<void(const SessionId&)>;

    LeaderWatch(asio::any_io_executor executor, Exited exited)
        : executor_{std::move(executor)}, exited_{std::move(exited)} {}

    /// Says exited(id) once, from the event loop. A session that is watched already stays as it is. Throws
    /// std::system_error where the kernel does not watch any more of them.
    void watch(const SessionId& id, ProcessHandle leader);

    /// Nothing is said of this session any more.
    void forget(const SessionId& id) { pidfds_.erase(id); }

private:
    void await_exit(const SessionId& id);

    asio::any_io_executor executor_;
    Exited exited_;
    std::unordered_map<SessionId, WatchedPidfd> pidfds_;
};

} // namespace solo
