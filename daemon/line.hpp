// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

namespace solo {

/// The inode of the other end of a connected Unix socket (sock_diag(7), UNIX_DIAG_PEER): by it the processes
/// that have the login program's end of a line open are found, also after a restart of the daemon. Nothing
/// where the kernel does not tell.
std::optional<std::uint64_t> peer_inode(int socket);

} // namespace solo
