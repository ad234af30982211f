// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace solo {

/// Asks the kernel about sockets (sock_diag(7)), over one netlink socket: to make one takes as long as to
/// ask.
class SocketDiagnosis {
public:
    /// The inode of the other end of a connected Unix socket (UNIX_DIAG_PEER). Nothing where the kernel does
    /// not tell; the next question gets a socket of its own then.
    std::optional<std::uint64_t> peer_inode(int socket);

private:
    protocol::UniqueFd netlink_;
    std::uint32_t requests_ = 0;
};

/// The inode of the login program's end of a line: by it the processes that have it open are found, also
/// after a restart of the daemon. It is the one in the name of that end, which only root can have given it
/// (login.sock); where it has no such name, the kernel is asked.
std::optional<std::uint64_t> inode_of_line(int line, SocketDiagnosis& kernel);

/// The inode of the other end in the kernel's answer (sock_diag(7)); nothing where it is not of that form.
std::optional<std::uint64_t> parse_peer_inode(std::string_view reply);

} // namespace solo
