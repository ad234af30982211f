// SPDX-License-Identifier: MIT
#include "tests/support/fake_daemon.hpp"

#include <chrono>
#include <stdexcept>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace solo::testing {

namespace {

using namespace std::chrono_literals;
namespace login = protocol::login;

constexpr auto patience = 10s;

void check(bool holds, const char* what) {
    if (!holds)
        throw std::system_error{errno, std::generic_category(), what};
}

protocol::UniqueFd listen_on(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    protocol::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
    check(::listen(fd.get(), 64) == 0, "listen");
    return fd;
}

Answer obliging(const Received& received) {
    if (received.call.method == login::Check::method) {
        return reply(login::Check::Reply{
            .decision = protocol::Decision::grant, .holder = {}, .rule = "", .message = {}});
    }
    if (received.call.method == login::Open::method) {
        return reply(login::Open::Reply{
            .decision = protocol::Decision::grant, .id = FakeDaemon::granted_id, .notice = {}});
    }
    return received.call.oneway ? silence() : raw(protocol::to_frame(protocol::Reply{}));
}

} // namespace

Answer silence() {
    return {};
}

Answer hang_up() {
    return {.bytes = {}, .hangs_up = true};
}

Answer raw(std::string bytes) {
    return {.bytes = std::move(bytes)};
}

FakeDaemon::FakeDaemon(std::string path)
    : path_{std::move(path)}, listener_{listen_on(path_)}, waker_{::eventfd(0, EFD_CLOEXEC)},
      thread_{[this] { run(); }} {}

FakeDaemon::~FakeDaemon() {
    {
        const std::lock_guard lock{mutex_};
        stops_ = true;
    }
    wake();
    thread_.join();
    ::unlink(path_.c_str());
}

std::vector<Received> FakeDaemon::await_calls(std::size_t count) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return calls_.size() >= count; })) {
        throw std::runtime_error{"the daemon got " + std::to_string(calls_.size()) + " calls, not " +
                                 std::to_string(count)};
    }
    return calls_;
}

void FakeDaemon::await_closed(int connection) {
    std::unique_lock lock{mutex_};
    const auto is_closed = [&] {
        return connection < next_connection_ && !connections_.contains(connection);
    };
    if (!changed_.wait_for(lock, patience, is_closed))
        throw std::runtime_error{"connection " + std::to_string(connection) + " was not closed"};
}

bool FakeDaemon::is_open(int connection) {
    const std::lock_guard lock{mutex_};
    return connections_.contains(connection);
}

void FakeDaemon::drop_connections() {
    std::unique_lock lock{mutex_};
    drops_ = true;
    wake();
    changed_.wait(lock, [&] { return !drops_; });
}

void FakeDaemon::wake() const {
    (void)::eventfd_write(waker_.get(), 1);
}

void FakeDaemon::run() {
    for (;;) {
        std::vector<pollfd> fds{{listener_.get(), POLLIN, 0}, {waker_.get(), POLLIN, 0}};
        std::vector<int> numbers;
        int timeout = -1;
        for (const auto& [number, connection] : connections_) {
            numbers.push_back(number);
            fds.push_back({connection.fd.get(), POLLIN, 0});
            if (connection.trickles)
                timeout = 1;
        }
        (void)::poll(fds.data(), fds.size(), timeout);

        const std::lock_guard lock{mutex_};
        if (stops_)
            return;
        if (fds[1].revents != 0) {
            eventfd_t count = 0;
            (void)::eventfd_read(waker_.get(), &count);
        }
        if (drops_)
            connections_.clear();
        drops_ = false;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const auto found = connections_.find(numbers[i]);
            if (found != connections_.end() && (fds[i + 2].revents != 0 || found->second.trickles))
                serve(found->first, found->second);
        }
        if (fds[0].revents != 0)
            accept_one();
        changed_.notify_all();
    }
}

void FakeDaemon::accept_one() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0)
        connections_[next_connection_++].fd.reset(fd);
}

void FakeDaemon::serve(int number, Connection& connection) {
    if (connection.trickles && ::send(connection.fd.get(), " ", 1, MSG_NOSIGNAL) < 0) {
        connections_.erase(number);
        return;
    }
    const auto space = connection.reader.space();
    const auto count = ::recv(connection.fd.get(), space.data(), space.size(), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        connections_.erase(number);
        return;
    }
    connection.reader.received(count < 0 ? 0 : static_cast<std::size_t>(count));
    while (const auto message = connection.reader.next()) {
        answer(number, connection, *message);
        if (!connections_.contains(number))
            return;
    }
}

void FakeDaemon::answer(int number, Connection& connection, std::string_view message) {
    const auto call = protocol::parse_call(message);
    if (!call)
        return;
    const Received received{*call, number};
    calls_.push_back(received);
    const auto script = scripts_.find(call->method);
    const Answer answer = script == scripts_.end() ? obliging(received) : script->second(received);
    if (answer.deafens)
        ::shutdown(connection.fd.get(), SHUT_RD);
    if (!answer.bytes.empty())
        (void)::send(connection.fd.get(), answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
    connection.trickles = answer.trickles;
    if (answer.hangs_up)
        connections_.erase(number);
}

} // namespace solo::testing
