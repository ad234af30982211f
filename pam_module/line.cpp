// SPDX-License-Identifier: MIT
#include "pam_module/line.hpp"

#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo::pam {

namespace {

/// Whether the peer is there and silent.
bool is_idle(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

} // namespace

Line::Line(protocol::Channel channel) : fd_{std::move(channel).release()}, opener_{::getpid()} {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0)
        return;
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

Line::~Line() {
    if (!is_ours())
        (void)fd_.release();
}

bool Line::is_ours() const {
    struct stat status {};
    return fd_ && opener_ == ::getpid() && inode_ != 0 && ::fstat(fd_.get(), &status) == 0 &&
           status.st_dev == device_ && status.st_ino == inode_;
}

bool Line::is_live() const {
    return is_ours() && is_idle(fd_.get());
}

std::optional<protocol::Channel> Line::take() {
    if (!is_live())
        return std::nullopt;
    return protocol::Channel{std::move(fd_)};
}

} // namespace solo::pam
