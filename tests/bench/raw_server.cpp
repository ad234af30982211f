// SPDX-License-Identifier: MIT
// raw_server SOCKET: echoes what it reads; nothing but epoll and system calls.
#include "tests/bench/raw_socket.hpp"

#include <array>
#include <cstdio>

#include <sys/epoll.h>
#include <unistd.h>

using namespace solo::bench;

namespace {

void watch(int epoll, int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    must(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

void echo(int fd) {
    std::array<char, 4096> bytes; // NOLINT(cppcoreguidelines-pro-type-member-init)
    const auto count = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (count <= 0)
        ::close(fd);
    else
        must(::send(fd, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) > 0, "send");
}

} // namespace

int main(int /*argc*/, char** argv) {
    try {
        const auto listener = unix_socket(argv[1], ::bind);
        must(::listen(listener.get(), SOMAXCONN) == 0, "listen");
        const solo::protocol::UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
        watch(epoll.get(), listener.get());
        for (;;) {
            std::array<epoll_event, 64> events{};
            const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events.at(static_cast<std::size_t>(i)).data.fd;
                if (fd == listener.get())
                    watch(epoll.get(), ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
                else
                    echo(fd);
            }
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "raw_server: %s\n", error.what());
        return 1;
    }
}
