// SPDX-License-Identifier: MIT
#include "daemon/line.hpp"

#include "protocol/unique_fd.hpp"

#include <array>
#include <cstring>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace solo {

namespace {

struct Request {
    nlmsghdr header;
    unix_diag_req socket;
};

Request request_for(std::uint64_t inode) {
    Request request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.socket.sdiag_family = AF_UNIX;
    request.socket.udiag_ino = static_cast<std::uint32_t>(inode);
    request.socket.udiag_show = UDIAG_SHOW_PEER;
    request.socket.udiag_cookie[0] = request.socket.udiag_cookie[1] = UINT32_MAX; // any: INET_DIAG_NOCOOKIE
    return request;
}

} // namespace

std::optional<std::uint64_t> parse_peer_inode(std::string_view reply) {
    nlmsghdr header{};
    constexpr std::size_t attributes = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(unix_diag_msg)));
    if (reply.size() < attributes)
        return std::nullopt;
    std::memcpy(&header, reply.data(), sizeof header);
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return std::nullopt;
    for (std::size_t at = attributes; at + sizeof(rtattr) <= reply.size();) {
        rtattr attribute{};
        std::memcpy(&attribute, reply.data() + at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > reply.size())
            return std::nullopt;
        std::uint32_t inode = 0;
        if (attribute.rta_type == UNIX_DIAG_PEER && attribute.rta_len == RTA_LENGTH(sizeof inode)) {
            std::memcpy(&inode, reply.data() + at + RTA_LENGTH(0), sizeof inode);
            return inode;
        }
        at += RTA_ALIGN(attribute.rta_len);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> peer_inode(int socket) {
    struct stat status {};
    const protocol::UniqueFd netlink{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    if (!netlink || ::fstat(socket, &status) != 0)
        return std::nullopt;
    const Request request = request_for(status.st_ino);
    if (::send(netlink.get(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request))
        return std::nullopt;
    std::array<char, 1024> reply{};
    const auto size = ::recv(netlink.get(), reply.data(), reply.size(), MSG_DONTWAIT);
    return size > 0 ? parse_peer_inode({reply.data(), static_cast<std::size_t>(size)}) : std::nullopt;
}

} // namespace solo
