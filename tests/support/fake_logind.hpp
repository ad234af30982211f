// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>
#include <systemd/sd-bus.h>

namespace solo::testing {

/// A message bus of its own (dbus-daemon(1)) at a path, until it goes out of scope.
class PrivateBus {
public:
    explicit PrivateBus(const std::string& directory);
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;
    ~PrivateBus();

    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    std::string address_;
    pid_t pid_ = -1;
};

/// What logind knows of a session, as far as a test wants to choose it.
struct FakeSession {
    std::string user;
    std::uint32_t uid = 0;
    std::uint32_t leader = 0;
    std::string kind = "user";
};

/// org.freedesktop.login1 on a bus, served by a thread.
class FakeLogind {
public:
    FakeLogind(const std::string& address, std::map<std::string, FakeSession> sessions);
    FakeLogind(const FakeLogind&) = delete;
    FakeLogind& operator=(const FakeLogind&) = delete;
    ~FakeLogind();

    /// Answers no call from now on.
    void fall_silent() { is_silent_ = true; }

    /// Whether it has got a call, answered or not.
    [[nodiscard]] bool was_called() const { return was_called_; }

    /// Says SessionNew.
    void announce(const std::string& id);

    /// The ids that it was told to terminate.
    [[nodiscard]] std::vector<std::string> terminated();

private:
    void serve();
    int answer(sd_bus_message* call);
    int list(sd_bus_message* call);
    int describe(sd_bus_message* call);
    static int called(sd_bus_message* call, void* self, sd_bus_error* error);

    std::map<std::string, FakeSession> sessions_;
    std::atomic<bool> is_silent_ = false;
    std::atomic<bool> was_called_ = false;
    std::atomic<bool> is_over_ = false;
    std::mutex mutex_; ///< for the two below
    std::vector<std::string> terminated_;
    std::vector<std::string> announced_;
    sd_bus* bus_ = nullptr;
    std::thread thread_;
};

} // namespace solo::testing
