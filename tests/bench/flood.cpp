// SPDX-License-Identifier: MIT
// flood SOCKET: a user who does to sessions.sock what a user can: as many connections as are allowed, each
// with calls queued without end, and one more connection again and again.
#include "tests/bench/raw_socket.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <vector>

#include <poll.h>

using namespace solo::bench;
using solo::protocol::UniqueFd;

namespace {

constexpr std::size_t allowed = 63;
constexpr char call[] = R"({"method":"org.pamsolo.Sessions.Status"})";

/// Calls as long as there is room, and takes what has come. False where the daemon has closed the connection.
bool press(int fd) {
    while (::send(fd, call, sizeof call, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof call) {
    }
    std::array<char, 65536> replies; // NOLINT(cppcoreguidelines-pro-type-member-init)
    return ::recv(fd, replies.data(), replies.size(), MSG_DONTWAIT) != 0;
}

void press_on(const char* path) {
    std::vector<UniqueFd> connections;
    std::vector<pollfd> waiting;
    for (;;) {
        while (connections.size() < allowed)
            connections.push_back(unix_socket(path, ::connect));
        const auto one_more = unix_socket(path, ::connect);
        (void)::send(one_more.get(), call, sizeof call, MSG_NOSIGNAL | MSG_DONTWAIT);
        waiting.clear();
        for (const UniqueFd& connection : connections)
            waiting.push_back({.fd = connection.get(), .events = POLLIN | POLLOUT, .revents = 0});
        ::poll(waiting.data(), waiting.size(), 1);
        std::erase_if(connections, [](const UniqueFd& connection) { return !press(connection.get()); });
    }
}

} // namespace

int main(int /*argc*/, char** argv) {
    for (;;) {
        try {
            press_on(argv[1]);
        } catch (const std::exception& error) { // the backlog is full, or solod has gone
            std::fprintf(stderr, "flood: %s\n", error.what());
            ::poll(nullptr, 0, 1);
        }
    }
}
