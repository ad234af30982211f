// SPDX-License-Identifier: MIT
#include "tests/soak/lease.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace solo::testing {

namespace {

using nlohmann::json;

/// One call on a connection of its own; nothing where solod is not there or goes away meanwhile.
std::optional<json> try_call(const std::string& call) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = "/run/solo/sessions.sock"};
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string reply;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): connect(2) wants it.
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd, call.c_str(), call.size() + 1, MSG_NOSIGNAL) > 0) {
        std::array<char, 4096> part{};
        ssize_t length = 0;
        while ((reply.empty() || reply.back() != '\0') && (length = ::read(fd, part.data(), part.size())) > 0)
            reply.append(part.data(), static_cast<std::size_t>(length));
    }
    ::close(fd);
    if (reply.empty() || reply.back() != '\0')
        return std::nullopt;
    reply.pop_back();
    return json::parse(reply);
}

/// Tries again until solod is there.
json call(const std::string& method, const json& parameters, bool* was_lost = nullptr) {
    const std::string text =
        json{{"method", "org.pamsolo.Sessions." + method}, {"parameters", parameters}}.dump();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (std::chrono::steady_clock::now() < deadline) {
        if (auto reply = try_call(text))
            return *reply;
        if (was_lost != nullptr)
            *was_lost = true;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    throw std::runtime_error{method + ": solod does not answer"};
}

/// True: done. False: the error that is expected. Throws for any other.
bool succeeded(const std::string& method, const json& reply, const std::string& expected_error) {
    if (!reply.contains("error"))
        return true;
    if (reply.at("error") == "org.pamsolo.Sessions." + expected_error)
        return false;
    throw std::runtime_error{method + ": " + reply.dump()};
}

} // namespace

Lease open_lease(const std::string& account, const std::string& service, int seconds) {
    Lease lease;
    const json reply =
        call("OpenLease", {{"account", account}, {"service", service}, {"ttl", seconds}}, &lease.was_lost);
    if (succeeded("OpenLease", reply, "Refused"))
        lease.id = reply.at("parameters").at("session").at("id").get<std::string>();
    return lease;
}

bool renew_lease(const std::string& id) {
    const json reply = call("Renew", {{"id", id}});
    if (reply.value("error", "") ==
        "org.pamsolo.Sessions.NoSuchSession") // its record has been deleted already
        return false;
    return succeeded("Renew", reply, "NotActive");
}

void close_lease(const std::string& id) {
    succeeded("CloseLease", call("CloseLease", {{"id", id}}), "");
}

void end_session(const std::string& id) {
    succeeded("End", call("End", {{"id", id}}), "");
}

} // namespace solo::testing
