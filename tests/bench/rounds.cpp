// SPDX-License-Identifier: MIT
#include "tests/bench/rounds.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace solo::bench {

namespace {

/// Standard output for the results alone.
std::FILE* take_output() {
    std::FILE* const output = ::fdopen(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), "w");
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (output == nullptr || nowhere < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0)
        std::abort();
    ::close(nowhere);
    return output;
}

} // namespace

int serve_rounds(const std::function<std::int64_t()>& once) {
    std::FILE* const output = take_output();
    try {
        int count = 0;
        for (int pause = 0; std::cin >> count >> pause;) {
            std::string line;
            for (; count > 0; --count) {
                if (pause > 0)
                    std::this_thread::sleep_for(std::chrono::microseconds{pause});
                line += std::to_string(once()) + ' ';
            }
            std::fprintf(output, "%s\n", line.c_str());
            std::fflush(output);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

} // namespace solo::bench
