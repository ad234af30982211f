// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>

namespace solo::bench {

/// Throws std::system_error with errno where the condition is false.
inline void must(bool condition, const char* what) {
    if (!condition)
        throw std::system_error{errno, std::generic_category(), what};
}

/// A Unix stream socket, and `attach` (connect or bind) called with its address.
template<class Attach>
protocol::UniqueFd unix_socket(const std::string& path, Attach attach) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    protocol::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    must(fd && attach(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
         path.c_str());
    return fd;
}

} // namespace solo::bench
