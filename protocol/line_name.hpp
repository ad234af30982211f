// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace solo::protocol {

/// The name that a login program gives its end of a line (unix(7), an abstract address: the NUL byte before
/// it is not part of this): "solo/" and the inode of the socket. So solod knows the inode at once, which the
/// kernel finds out only in going over all Unix sockets of the machine (unix_lookup_by_ino, net/unix/diag.c).
std::string line_name(std::uint64_t inode);

/// The inode in the name of a line; nothing where that is another name.
std::optional<std::uint64_t> inode_in(std::string_view line_name);

} // namespace solo::protocol
