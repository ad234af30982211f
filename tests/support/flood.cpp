// SPDX-License-Identifier: MIT
#include "tests/support/flood.hpp"

#include "protocol/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <vector>

#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace solo::testing {

namespace {

using protocol::UniqueFd;

constexpr std::size_t most_connections = 64;
constexpr std::size_t largest_message = 64 << 10;

UniqueFd connected(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

std::string call_of(FloodKind kind) {
    std::string call = R"({"method":"org.pamsolo.Sessions.Status"})";
    if (kind == FloodKind::lists)
        call = R"({"method":"org.pamsolo.Sessions.List","parameters":{"ended":true},"more":true})";
    if (kind == FloodKind::messages) { // small values are the dearest to parse
        call = R"({"method":"org.pamsolo.Sessions.Status","parameters":{"x":[)";
        while (call.size() < largest_message - 8)
            call += "{},";
        call += "0]}}";
    }
    call.push_back('\0');
    return call;
}

/// One connection that always has a call on its way.
struct Stream {
    UniqueFd fd;
    std::size_t sent = 0; ///< of the present call

    void go_on(const std::string& call, short events) {
        static std::array<char, 65536> bytes;
        if ((events & POLLIN) != 0)
            while (::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
            }
        if ((events & POLLOUT) == 0)
            return;
        const std::string_view rest = std::string_view{call}.substr(sent);
        const auto count = ::send(fd.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0)
            sent = (sent + static_cast<std::size_t>(count)) % call.size();
    }
};

[[noreturn]] void send_calls(const std::string& path, const std::string& call) {
    std::vector<Stream> streams(most_connections);
    std::vector<pollfd> ready;
    for (Stream& stream : streams) {
        stream.fd = connected(path);
        ready.push_back({.fd = stream.fd.get(), .events = POLLIN | POLLOUT, .revents = 0});
    }
    for (;;) {
        ::poll(ready.data(), ready.size(), -1);
        for (std::size_t i = 0; i < ready.size(); ++i)
            if (ready[i].revents != 0)
                streams[i].go_on(call, ready[i].revents);
    }
}

[[noreturn]] void connect_for_ever(const std::string& path) {
    for (;;)
        connected(path);
}

/// Sends what there is room for on one connection after the other; a few times in a thousand on a new one in
/// the place of one that solod has closed.
[[noreturn]] void crowd(const std::string& path, const std::string& first, const std::string& next) {
    constexpr int most_new = 16;
    std::vector<UniqueFd> connections(1000);
    for (;; ::poll(nullptr, 0, 1)) {
        int count = 0;
        for (UniqueFd& connection : connections) {
            const bool is_new = !connection;
            if (is_new && count++ >= most_new)
                continue;
            if (is_new)
                connection = connected(path);
            const std::string& text = is_new ? first : next;
            const auto sent = ::send(connection.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN)
                connection.reset();
        }
    }
}

} // namespace

Flood::Flood(std::string path, uid_t uid, FloodKind kind) : pid_{::fork()} {
    if (pid_ != 0) {
        ::waitpid(pid_, nullptr, WUNTRACED);
        return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0)
        ::_exit(1);
    ::raise(SIGSTOP);
    if (kind == FloodKind::connects)
        connect_for_ever(path);
    if (kind == FloodKind::drips)
        crowd(path, "{", " ");
    if (kind == FloodKind::deaf)
        crowd(path, R"({"method":"org.pamsolo.Sessions.Watch","more":true})" + std::string(1, '\0'),
              call_of(kind));
    send_calls(path, call_of(kind));
}

Flood::~Flood() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Flood::run() const {
    ::kill(pid_, SIGCONT);
}

void Flood::stop() const {
    ::kill(pid_, SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);
}

} // namespace solo::testing
