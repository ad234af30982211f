// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"
#include "daemon/process_handle.hpp"
#include "protocol/unique_fd.hpp"

#include <functional>
#include <unordered_map>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace solo {

/// Watches the leaders of sessions by their pidfds and says when one has exited. The pidfds are in an epoll
/// of their own, which is one descriptor to the event loop: Asio would make three system calls and keep some
/// hundred bytes for each.
class LeaderWatch {
public:
    using Exited = std::function<void(const SessionId&)>;

    /// Throws std::system_error where there is no descriptor to spare.
    LeaderWatch(const asio::any_io_executor& executor, Exited exited);

    /// Says exited(id) once, from the event loop. A session that is watched already stays as it is. Throws
    /// std::system_error where the kernel does not watch any more of them.
    void watch(const SessionId& id, ProcessHandle leader);

    /// Nothing is said of this session any more.
    void forget(const SessionId& id);

private:
    void await_exits();
    void take_exits();

    asio::posix::stream_descriptor exits_; ///< the epoll
    Exited exited_;
    std::unordered_map<SessionId, protocol::UniqueFd> pidfds_;
    std::unordered_map<int, SessionId> sessions_; ///< by pidfd
};

} // namespace solo
