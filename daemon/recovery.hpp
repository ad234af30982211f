// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/descriptor_store.hpp"
#include "daemon/local_slots.hpp"
#include "daemon/login_service.hpp"
#include "daemon/server.hpp"
#include "daemon/store.hpp"

#include <chrono>
#include <string>

#include <asio/awaitable.hpp>

namespace solo {

/// What an earlier run has left: the sessions on record that live, what is remembered of accounts, and the
/// lines that systemd has kept. While the database cannot be read, logins are decided without, so it is tried
/// again until it can.
class Recovery {
public:
    using Clock = std::chrono::steady_clock;

    /// All of it must outlive this.
    Recovery(Store& store, LocalSlots& slots, DescriptorStore& kept, Server& server, LoginService& service)
        : store_{store}, slots_{slots}, kept_{kept}, server_{server}, service_{service} {}

    /// Reads and takes over; nothing once that has been done. Throws where a process cannot be looked at.
    void attempt();

    /// Tries again every so often, until it is done or the time has come.
    asio::awaitable<void> keep_trying(std::chrono::milliseconds pause,
                                      Clock::time_point deadline = Clock::time_point::max());

    [[nodiscard]] bool is_done() const { return is_done_; }

    /// Why it is not done; empty where it is.
    [[nodiscard]] const std::string& problem() const { return problem_; }

    /// What became of a database that could not be used; empty where it could.
    [[nodiscard]] const std::string& damage() const { return damage_; }

private:
    void set_problem(const std::string& reason);
    void take_lines();

    Store& store_;
    LocalSlots& slots_;
    DescriptorStore& kept_;
    Server& server_;
    LoginService& service_;
    bool is_done_ = false;
    std::string problem_;
    std::string damage_;
};

} // namespace solo
