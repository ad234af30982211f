// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <tl/expected.hpp>

namespace solo {

class Bus;

/// A session as logind describes it (org.freedesktop.login1(5)). Its texts are as foreign as those of a
/// login.
struct LogindSession {
    std::string id;
    std::uint32_t uid = 0;
    std::string user;
    std::string service;
    std::string tty;
    std::string remote_host;
    std::string remote_user;
    std::string kind;             ///< Class: "user", "greeter", "manager", ...
    std::string state;            ///< "online", "active" or "closing"
    std::uint32_t leader = 0;     ///< pid
    std::uint64_t begun = 0;      ///< microseconds since the Unix epoch
    bool is_idle = false;         ///< IdleHint
    std::uint64_t idle_since = 0; ///< microseconds of CLOCK_MONOTONIC
};

/// systemd-logind, asked over the system bus without ever blocking the event loop.
///
/// No bus, a bus that hangs and a logind that does not run are one and the same: calls fail, in time, and the
/// error is a sentence for the log. Where solod is built without libsystemd there never is a logind.
class Logind {
public:
    using Clock = std::chrono::steady_clock;
    template<class T>
    using Result = asio::awaitable<tl::expected<T, std::string>>;

    struct Listener {
        std::function<void()> connected; ///< the bus answers or logind begins to run, the first time or again
        std::function<void(const std::string&)> begun; ///< logind has made a session with this id
    };

    /// Connects, and again by itself where the connection is lost. The listener is called from the event loop
    /// until this ends.
    Logind(const asio::any_io_executor& executor, Listener listener);
    Logind(const Logind&) = delete;
    Logind& operator=(const Logind&) = delete;
    ~Logind();

    /// All sessions. Those that end while they are asked for are left out.
    Result<std::vector<LogindSession>> sessions(Clock::time_point deadline);

    Result<LogindSession> session(std::string id, Clock::time_point deadline);

    /// Has logind stop everything in the session's scope. The answer says only that it has begun to.
    Result<void> terminate(std::string id, Clock::time_point deadline);

private:
    std::shared_ptr<Bus> bus_; ///< calls that are under way keep it
};

} // namespace solo
