// SPDX-License-Identifier: MIT
#include "protocol/channel.hpp"

#include "protocol/line_name.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace solo::protocol {

namespace {

/// Between two attempts to reach a daemon that is being restarted, in milliseconds.
constexpr int retry_interval = 20;

tl::unexpected<Failure> failed(Fault fault, int error = 0) {
    return tl::unexpected{Failure{fault, error}};
}

Fault connect_fault(int error) {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return Fault::absent;
    case EACCES:
    case EPERM:
        return Fault::forbidden;
    default:
        return Fault::system;
    }
}

/// Waits for events on fd, or with fd -1 just for the time. The deadline is looked at first: a peer whose
/// bytes are always there already must not hold its caller any longer than one that is silent.
tl::expected<void, Failure> wait_for(int fd, short events, Deadline deadline) {
    pollfd poll_fd{.fd = fd, .events = events, .revents = 0};
    while (!deadline.passed()) {
        const int ready = ::poll(&poll_fd, fd < 0 ? 0 : 1, deadline.poll_timeout());
        if (ready > 0)
            return {};
        if (ready < 0 && errno != EINTR)
            return failed(Fault::system, errno);
    }
    return failed(Fault::timeout);
}

/// A non-blocking stream socket with a descriptor above 2: programs may run with 0 to 2 closed and would take
/// it for their own.
UniqueFd new_socket() {
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (fd && fd.get() <= STDERR_FILENO)
        fd = UniqueFd{::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
    return fd;
}

void name_as_line(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0)
        return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = line_name(status.st_ino);
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1); // after the NUL byte: it is in no directory
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    (void)::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
}

/// One attempt. A full backlog (EAGAIN, unix(7)) is for the caller to try again.
tl::expected<UniqueFd, Failure> connect_once(const sockaddr_un& address, Named named) {
    UniqueFd fd = new_socket();
    if (!fd)
        return failed(Fault::system, errno);
    if (named == Named::as_line)
        name_as_line(fd.get());
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    while (::connect(fd.get(), generic, sizeof address) != 0) {
        if (errno != EINTR)
            return failed(connect_fault(errno), errno);
    }
    return fd;
}

/// The listener's credentials, taken by the kernel when it called listen (unix(7), SO_PEERCRED).
bool server_is(int fd, uid_t user) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == user;
}

} // namespace

std::string Failure::text() const {
    static constexpr const char* texts[] = {"nobody listens",
                                            "this user may not connect",
                                            "no answer in time",
                                            "the connection was closed",
                                            "the answer is no reply",
                                            "the server is not root",
                                            "system error"};
    std::string text = texts[static_cast<std::size_t>(fault)];
    if (error != 0)
        text.append(" (").append(std::strerror(error)).append(")");
    return text;
}

tl::expected<Channel, Failure> Channel::connect(const std::string& path, Deadline deadline, Deadline retry,
                                                std::optional<uid_t> server, Named named) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty()) // would be a name in the abstract namespace, which anybody may take
        return failed(Fault::absent, ENOENT);
    if (path.size() >= sizeof address.sun_path)
        return failed(Fault::absent, ENAMETOOLONG);
    path.copy(address.sun_path, path.size());

    for (;;) {
        auto fd = connect_once(address, named);
        if (fd) {
            if (server && !server_is(fd->get(), *server))
                return failed(Fault::imposter);
            return Channel{std::move(*fd)};
        }
        const bool is_busy = fd.error().error == EAGAIN;
        const bool is_absent = fd.error().fault == Fault::absent && !retry.passed();
        if (!is_busy && !is_absent)
            return tl::unexpected{fd.error()};
        if (deadline.passed())
            return is_busy ? failed(Fault::timeout) : tl::unexpected{fd.error()};
        const auto pause = Deadline::in(std::chrono::milliseconds{retry_interval}).or_earlier(deadline);
        (void)wait_for(-1, 0, pause);
    }
}

tl::expected<void, Failure> Channel::send(const std::string& frame, Deadline deadline) const {
    std::size_t sent = 0;
    while (sent < frame.size()) {
        const auto count = ::send(fd_.get(), frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
        if (count >= 0) {
            sent += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            if (auto writable = wait_for(fd_.get(), POLLOUT, deadline); !writable)
                return writable;
        } else if (errno != EINTR) {
            return failed(errno == EPIPE || errno == ECONNRESET ? Fault::closed : Fault::system, errno);
        }
    }
    return {};
}

tl::expected<ReceivedReply, Failure> Channel::call(const Call& call, Deadline deadline) {
    const auto sent = send(to_frame(call), deadline);
    // A server that is over its limits says so and closes before it has read the call: that is its reply.
    const bool can_be_answered = sent || sent.error().fault == Fault::closed;
    if (can_be_answered && !call.oneway)
        return next_reply(deadline);
    if (!sent)
        return tl::unexpected{sent.error()};
    return ReceivedReply{};
}

tl::expected<ReceivedReply, Failure> Channel::next_reply(Deadline deadline) {
    for (;;) {
        if (const auto message = reader_.next()) {
            auto reply = parse_reply(*message);
            if (!reply)
                return failed(Fault::malformed);
            return std::move(*reply);
        }
        if (reader_.over_limit())
            return failed(Fault::malformed);
        if (auto readable = wait_for(fd_.get(), POLLIN, deadline); !readable)
            return tl::unexpected{readable.error()};
        const auto space = reader_.space();
        const auto count = ::recv(fd_.get(), space.data(), space.size(), 0);
        if (count > 0) {
            reader_.received(static_cast<std::size_t>(count));
        } else if (count == 0) {
            return failed(reader_.has_partial() ? Fault::malformed : Fault::closed);
        } else if (errno != EINTR && errno != EAGAIN) {
            return failed(errno == ECONNRESET ? Fault::closed : Fault::system, errno);
        }
    }
}

} // namespace solo::protocol
