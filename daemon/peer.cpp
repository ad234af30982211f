// SPDX-License-Identifier: MIT
#include "daemon/peer.hpp"

#include <cerrno>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 // include/uapi/asm-generic/socket.h, Linux 6.5; not in Debian 12's headers
#endif

namespace solo {

namespace {

/// A pidfd of the peer. Kernels that lack SO_PEERPIDFD say ENOPROTOOPT, and only they are worth the race of
/// opening the pid instead; any other error means that the peer is dead.
protocol::UniqueFd peer_pidfd(int socket, pid_t pid) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0)
        return protocol::UniqueFd{pidfd};
    if (errno != ENOPROTOOPT)
        return {};
    return protocol::UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

} // namespace

std::optional<Peer> attest_peer(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || credentials.pid <= 0)
        return std::nullopt;
    Peer peer{.pid = credentials.pid,
              .uid = credentials.uid,
              .gid = credentials.gid,
              .pidfd = peer_pidfd(socket, credentials.pid)};
    if (!peer.pidfd)
        return std::nullopt;
    return peer;
}

std::vector<gid_t> peer_groups(int socket) {
    socklen_t size = 0;
    std::vector<gid_t> groups;
    // SO_PEERGROUPS says ERANGE and the size that it needs (net/core/sock.c).
    while (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) != 0) {
        if (errno != ERANGE)
            return {};
        groups.resize(size / sizeof(gid_t));
    }
    groups.resize(size / sizeof(gid_t));
    return groups;
}

} // namespace solo
