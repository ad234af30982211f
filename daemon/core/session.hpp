// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/sessions_messages.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace solo {

using protocol::State;

/// Why a session is over, or is being ended.
enum class Reason : std::uint8_t {
    logout,
    leader_exited,
    superseded,
    terminated,
    expired,
    idle,
    lease_lapsed,
    rebooted,
    lost,
    unconfirmed,
};

constexpr auto enum_names(Reason /*unused*/) {
    return std::to_array<std::string_view>({"logout", "leader-exited", "superseded", "terminated", "expired",
                                            "idle", "lease-lapsed", "rebooted", "lost", "unconfirmed"});
}

/// A process of this boot: a pid names one only together with its start time, because pids are used again.
struct Process {
    int pid = 0;
    std::uint64_t start_time = 0; ///< clock ticks since boot (proc(5), /proc/PID/stat, field 22)

    friend auto operator<=>(const Process&, const Process&) = default;
};

/// What the kernel says of a session, by which its processes are found when it has to end.
struct Traces {
    /// The inode of the login program's end of the line: whoever has it open serves this session.
    std::optional<std::uint64_t> line_inode;
    /// The audit session id (proc(5), /proc/PID/sessionid) where this login has one of its own.
    std::optional<std::uint32_t> audit_session;
    /// logind's id of the session of which our leader is the leader ("3", "c1"): its scope is this login's
    /// own.
    std::optional<std::string> logind_session;

    friend bool operator==(const Traces&, const Traces&) = default;
};

/// One login of an account, as it is recorded.
struct Session {
    SessionId id;
    std::string account;
    std::optional<std::uint32_t> uid;
    State state = State::opening;
    std::optional<Reason> reason; ///< set in ending and ended
    protocol::Origin origin;
    Process leader;
    std::optional<int> slot; ///< none where the session needs no slot
    std::int64_t opened = 0; ///< microseconds since the Unix epoch, for display
    std::optional<std::int64_t> ended;
    std::optional<SessionId> superseded_by;
    std::string nonce;
    Traces traces;

    [[nodiscard]] bool is_ended() const { return state == State::ended; }
};

} // namespace solo
