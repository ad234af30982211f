// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/wait.h>
#include <unistd.h>

namespace solo::testing {

/// Runs the body in a process of its own, for what a test does to limits, credentials and mounts. A failure
/// there is one here.
template<class Body>
void in_child(const Body& body) {
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::system_error{errno, std::generic_category(), "pipe"};
    const protocol::UniqueFd failure{ends[0]};
    protocol::UniqueFd said{ends[1]};
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            body();
        } catch (const std::exception& error) {
            const std::string text = error.what();
            (void)!::write(said.get(), text.data(), text.size());
        }
        ::_exit(0);
    }
    said.reset();
    std::string text;
    char bytes[512];
    for (ssize_t count = 0; (count = ::read(failure.get(), bytes, sizeof bytes)) > 0;)
        text.append(bytes, static_cast<std::size_t>(count));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!text.empty())
        throw std::runtime_error{"in the child: " + text};
    if (status != 0)
        throw std::runtime_error{"the child ended with wait status " + std::to_string(status)};
}

} // namespace solo::testing
