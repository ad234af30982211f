// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <optional>
#include <vector>

#include <sys/types.h>

namespace solo {

/// The process at the other end of a connection, as the kernel attests it: the one that called connect(2).
struct Peer {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    protocol::UniqueFd pidfd;
};

/// Nothing where the peer is dead or belongs to a pid namespace that this daemon cannot see into.
std::optional<Peer> attest_peer(int socket);

/// The peer's supplementary groups when it connected (SO_PEERGROUPS).
std::vector<gid_t> peer_groups(int socket);

} // namespace solo
