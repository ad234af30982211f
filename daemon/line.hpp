// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace solo {

/// The inode of the other end of a connected Unix socket (sock_diag(7), UNIX_DIAG_PEER): by it the processes
/// that have the login program's end of a line open are found, also after a restart of the daemon. Nothing
/// where the kernel does not tell.
std::optional<std::uint64_t> peer_inode(int socket);

/// The inode of the other end in the kernel's answer (sock_diag(7)); nothing where it is not of that form.
std::optional<std::uint64_t> parse_peer_inode(std::string_view reply);

} // namespace solo
