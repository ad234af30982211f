// SPDX-License-Identifier: MIT
#include "daemon/leader_watch.hpp"

#include <asio/post.hpp>

namespace solo {

void LeaderWatch::watch(const SessionId& id, ProcessHandle leader) {
    if (pidfds_.contains(id))
        return;
    pidfds_.emplace(id, WatchedPidfd{executor_, std::move(leader).release()});
    await_exit(id);
}

void LeaderWatch::await_exit(const SessionId& id) {
    pidfds_.at(id).async_wait([this, id](std::error_code error) {
        const auto pidfd = pidfds_.find(id);
        if (error || pidfd == pidfds_.end())
            return; // forgotten
        if (!pidfd->second.has_exited()) {
            await_exit(id);
            return;
        }
        // The kernel closes a process's descriptors before it says that the process has exited (do_exit):
        // what is ready in this round, the end of the line among it, comes first.
        asio::post(executor_, [this, id] {
            if (pidfds_.erase(id) > 0)
                exited_(id);
        });
    });
}

} // namespace solo
