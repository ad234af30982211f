// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/local_slots.hpp"
#include "daemon/logind.hpp"

#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace solo {

/// Learns from logind which of its sessions are logins that Solo has granted, so that they can be ended by
/// their scopes, and which logins there are that Solo has not granted: those are adopted.
///
/// A scope is a login's own if logind says that the login's leader is that session's leader. Nothing in /proc
/// says so: of two logins of which one was made inside the other (su -l), both are in the outer one's scope.
/// As pam_solo stands before pam_systemd there is no scope yet when a login is confirmed; logind tells of it
/// a moment later (SessionNew), and of all of them when the bus is back.
class LogindWatch {
public:
    /// Both must outlive this.
    LogindWatch(asio::any_io_executor executor, Logind& logind, LocalSlots& slots)
        : executor_{std::move(executor)}, logind_{logind}, slots_{slots} {}

    /// Takes the logins that live into account, before the first one is granted. Where logind does not say
    /// before the deadline which there are, they are adopted as soon as it does.
    asio::awaitable<void> adopt(Logind::Clock::time_point deadline);

    /// logind can be asked (again): what was missed is asked for.
    void connected();

    /// logind has made this session.
    void begun(const std::string& id);

private:
    enum class Learnt : std::uint8_t { yes, not_yet, not_ours };

    asio::awaitable<void> learn_all(Logind::Clock::time_point deadline);
    asio::awaitable<void> learn_soon(std::string id);
    Learnt learn(const LogindSession& session);
    void adopt(const LogindSession& session);

    asio::any_io_executor executor_;
    Logind& logind_;
    LocalSlots& slots_;
    bool is_adoption_due_ = true;
    bool is_starting_ = false;
};

} // namespace solo
