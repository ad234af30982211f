// SPDX-License-Identifier: MIT
// raw_client SOCKET: the floor under every daemon. Connects, sends as many bytes as an Open has, reads them
// back, closes.
#include "tests/bench/raw_socket.hpp"
#include "tests/bench/rounds.hpp"

#include <array>
#include <stdexcept>

using namespace solo::bench;

int main(int /*argc*/, char** argv) {
    constexpr std::size_t size = 256;
    return serve_rounds([&] {
        std::array<char, size> sent{};
        sent.fill('x');
        std::array<char, size> received{};
        const auto time = time_of([&] {
            const auto fd = unix_socket(argv[1], ::connect);
            must(::send(fd.get(), sent.data(), size, MSG_NOSIGNAL) == size, "send");
            must(::recv(fd.get(), received.data(), size, MSG_WAITALL) == size, "recv");
        });
        if (received != sent)
            throw std::runtime_error{"the echo is not what was sent"};
        return time;
    });
}
