// SPDX-License-Identifier: MIT
#include "daemon/line.hpp"

#include "protocol/line_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace solo {

namespace {

struct Request {
    nlmsghdr header;
    unix_diag_req socket;
};

Request request_for(std::uint64_t inode, std::uint32_t number) {
    Request request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.header.nlmsg_seq = number;
    request.socket.sdiag_family = AF_UNIX;
    request.socket.udiag_ino = static_cast<std::uint32_t>(inode);
    request.socket.udiag_show = UDIAG_SHOW_PEER;
    request.socket.udiag_cookie[0] = request.socket.udiag_cookie[1] = UINT32_MAX; // any: INET_DIAG_NOCOOKIE
    return request;
}

/// Whether the reply is to this request and not to one before it.
bool is_reply_to(const Request& request, std::string_view reply) {
    nlmsghdr header{};
    if (reply.size() < sizeof header)
        return false;
    std::memcpy(&header, reply.data(), sizeof header);
    return header.nlmsg_seq == request.header.nlmsg_seq;
}

/// The abstract name of the other end, without the NUL byte before it; empty where it has none.
std::string_view peer_name(int socket, sockaddr_un& address) {
    constexpr socklen_t begin = offsetof(sockaddr_un, sun_path) + 1;
    socklen_t size = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 || size <= begin ||
        size > sizeof address || address.sun_path[0] != '\0')
        return {};
    return {address.sun_path + 1, size - begin};
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

// The kernel answers before send returns.
std::optional<std::uint64_t> SocketDiagnosis::peer_inode(int socket) {
    if (!netlink_)
        netlink_ = protocol::UniqueFd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    struct stat status {};
    if (!netlink_ || ::fstat(socket, &status) != 0)
        return std::nullopt;
    const Request request = request_for(status.st_ino, ++requests_);
    std::array<char, 1024> bytes{};
    ssize_t size = ::send(netlink_.get(), &request, sizeof request, 0);
    if (size == static_cast<ssize_t>(sizeof request))
        size = ::recv(netlink_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    const std::string_view reply{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    if (!is_reply_to(request, reply)) {
        netlink_.reset(); // an answer that comes late is to none of the next
        return std::nullopt;
    }
    return parse_peer_inode(reply);
}

std::optional<std::uint64_t> inode_of_line(int line, SocketDiagnosis& kernel) {
    sockaddr_un address{};
    const auto named = protocol::inode_in(peer_name(line, address));
    return named ? named : kernel.peer_inode(line);
}

} // namespace solo
