// SPDX-License-Identifier: MIT
#include "daemon/leader_watch.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

#include <sys/epoll.h>

namespace solo {

namespace {

protocol::UniqueFd new_epoll() {
    protocol::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll)
        throw std::system_error{errno, std::generic_category(), "epoll_create1"};
    return epoll;
}

} // namespace

LeaderWatch::LeaderWatch(const asio::any_io_executor& executor, Exited exited)
    : exits_{executor}, exited_{std::move(exited)} {
    auto epoll = new_epoll();
    exits_.assign(epoll.get());
    (void)epoll.release();
    await_exits();
}

void LeaderWatch::watch(const SessionId& id, ProcessHandle leader) {
    if (pidfds_.contains(id))
        return;
    const int pidfd = leader.pidfd();
    sessions_.insert_or_assign(pidfd, id);
    pidfds_.emplace(id, std::move(leader).release());
    epoll_event exit{.events = EPOLLIN | EPOLLONESHOT, .data = {.fd = pidfd}};
    if (::epoll_ctl(exits_.native_handle(), EPOLL_CTL_ADD, pidfd, &exit) == 0)
        return;
    const int error = errno;
    forget(id);
    throw std::system_error{error, std::generic_category(), "epoll_ctl"};
}

/// A pidfd leaves the epoll before it is closed: the kernel goes on reporting one of which a duplicate is
/// open.
void LeaderWatch::forget(const SessionId& id) {
    const auto pidfd = pidfds_.find(id);
    if (pidfd == pidfds_.end())
        return;
    ::epoll_ctl(exits_.native_handle(), EPOLL_CTL_DEL, pidfd->second.get(), nullptr);
    sessions_.erase(pidfd->second.get());
    pidfds_.erase(pidfd);
}

void LeaderWatch::await_exits() {
    exits_.async_wait(asio::posix::descriptor_base::wait_read, [this](std::error_code error) {
        if (error == asio::error::operation_aborted)
            return; // this may be no more
        take_exits();
        await_exits();
    });
}

void LeaderWatch::take_exits() {
    std::array<epoll_event, 64> exits{};
    const int count = ::epoll_wait(exits_.native_handle(), exits.data(), static_cast<int>(exits.size()), 0);
    for (int i = 0; i < count; ++i) {
        const SessionId id = sessions_.at(exits.at(static_cast<std::size_t>(i)).data.fd);
        // The kernel closes a process's descriptors before it says that the process has exited (do_exit):
        // what is ready in this round, the end of the line among it, comes first.
        asio::post(exits_.get_executor(), [this, id] {
            if (!pidfds_.contains(id))
                return; // forgotten
            forget(id);
            exited_(id);
        });
    }
}

} // namespace solo
