// SPDX-License-Identifier: MIT
#include "daemon/leader_watch.hpp"

#include <asio/post.hpp>

namespace solo {

void LeaderWatch::watch(const SessionId& id, ProcessHandle leader) {
    if (pidfds_.contains(id))
        return;
    asio::posix::stream_descriptor pidfd{executor_};
    pidfd.assign(leader.pidfd());
    (void)std::move(leader).release().release();
    auto& descriptor = pidfds_.emplace(id, std::move(pidfd)).first->second;
    descriptor.async_wait(asio::posix::descriptor_base::wait_read, [this, id](std::error_code error) {
        if (error)
            return; // forgotten
        // The kernel closes a process's descriptors before it says that the process has exited (do_exit):
        // what is ready in this round, the end of the line among it, comes first.
        asio::post(executor_, [this, id] {
            if (pidfds_.erase(id) > 0)
                exited_(id);
        });
    });
}

} // namespace solo
