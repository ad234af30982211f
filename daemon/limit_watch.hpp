// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/boot_timer.hpp"
#include "daemon/core/idle.hpp"
#include "daemon/core/policy.hpp"
#include "daemon/core/session.hpp"
#include "daemon/process_table.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace solo {

/// Tells people on their terminals that their session is about to reach a limit in time, and says when one
/// has been idle for too long. (That a session has lasted its longest is the registry's to say.)
///
/// /proc is read only where something is due, a few processes at a time, for all sessions at once. Then
/// logind is asked of those that have no terminal.
class LimitWatch {
public:
    /// Told of a session that has been idle for this time, which is its limit; again after a while where that
    /// does not end it.
    using Idle = std::function<void(const SessionId&, std::chrono::milliseconds)>;

    /// Since when logind has a session for idle; none where it does not, or does not say before the deadline.
    using Hint = std::function<asio::awaitable<std::optional<std::uint64_t>>(
        SessionId, std::chrono::steady_clock::time_point)>;

    LimitWatch(asio::any_io_executor executor, Hint hint, Idle idle);

    /// From now on, if the session has limits and a leader. Its idle time begins (anew).
    void watch(const Session& session, const Rules& rules);

    void forget(const SessionId& id);

private:
    struct Watched {
        Process leader;
        std::optional<std::uint32_t> uid;
        std::optional<IdleClock> idle;
        std::int64_t expires = 0;                  ///< as expiry_notice
        std::optional<std::int64_t> expiry_notice; ///< when it is due; microseconds of CLOCK_BOOTTIME
        std::int64_t due = 0;                      ///< its entry in due_
    };
    using Terminals = std::set<int>;

    void schedule(const SessionId& id, Watched& watched);
    void reschedule(const SessionId& id, Watched& watched);
    void set_timer();
    asio::awaitable<void> look();
    std::vector<SessionId> look_at(const std::vector<ProcessStatus>& table);
    asio::awaitable<void> ask_for(std::vector<SessionId> sessions);
    void act(const SessionId& id, Watched& watched, IdleClock::Due due, const Terminals& terminals);

    asio::any_io_executor executor_;
    Hint hint_;
    Idle idle_;
    std::unordered_map<SessionId, Watched> watched_;
    std::set<std::pair<std::int64_t, SessionId>> due_; ///< one each
    BootTimer timer_;
    bool is_looking_ = false;
};

} // namespace solo
