// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/sessions_messages.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// What makes a session a lease: there is no process to watch, so it lasts until it is not renewed.
struct Lease {
    std::chrono::milliseconds ttl{};
    std::uint32_t opened_by = 0; ///< uid of the process that opened it: it may renew and close it
    std::int64_t lapses = 0;     ///< when, unless it is renewed before; microseconds of CLOCK_BOOTTIME

    friend bool operator==(const Lease&, const Lease&) = default;
};

/// When a session with these limits ends by itself, if nothing happens before; microseconds of
/// CLOCK_BOOTTIME.
inline std::optional<std::int64_t> deadline_of(const std::optional<Lease>& lease,
                                               std::optional<std::int64_t> expires) {
    if (!lease)
        return expires;
    return std::min(lease->lapses, expires.value_or(lease->lapses));
}

/// In place of a nonce: this session was adopted. Nobody closes it.
inline constexpr std::string_view adopted_nonce = "adopted";

/// One login of an account, as it is recorded.
struct Session {
    SessionId id;
    std::string account;
    std::optional<std::uint32_t> uid;
    /// Of the account when it logged in: so [Group] holds after a restart. Empty where no rule was about
    /// groups then, or NSS does not know the account.
    std::vector<std::uint32_t> gids;
    State state = State::opening;
    std::optional<Reason> reason; ///< set in ending and ended
    protocol::Origin origin;
    Process leader;          ///< none (pid 0) in a lease
    std::optional<int> slot; ///< none where the session needs no slot
    int share = 0;           ///< tells sessions that share a slot apart (CountBy=origin)
    std::int64_t opened = 0; ///< microseconds since the Unix epoch, for display
    std::optional<std::int64_t> ended;
    std::optional<SessionId> superseded_by;
    std::string nonce;
    Traces traces;
    std::optional<std::int64_t> expires; ///< the end of its longest time; microseconds of CLOCK_BOOTTIME
    std::optional<Lease> lease;

    [[nodiscard]] bool is_ended() const { return state == State::ended; }
    [[nodiscard]] bool has_leader() const { return leader.pid != 0; }

    [[nodiscard]] bool is_adopted() const { return nonce == adopted_nonce; }

    [[nodiscard]] std::optional<std::int64_t> deadline() const { return deadline_of(lease, expires); }
};

/// Whose session it is, as its login said.
inline protocol::Account account_of(const Session& session) {
    return {.name = session.account,
            .uid = session.uid,
            .gids = session.gids.empty() ? std::nullopt : std::optional{session.gids}};
}

/// That a session of an account was superseded: its person is told so at the next login.
struct Supersession {
    protocol::Origin by;
    std::int64_t when = 0; ///< microseconds since the Unix epoch, for display
};

/// What is remembered of an account beyond its sessions, also over a restart.
struct AccountNote {
    std::string account;
    std::optional<std::uint32_t> uid;
    std::optional<std::int64_t> locked; ///< since when nobody may log in; microseconds since the Unix epoch
    std::optional<Supersession> superseded;

    [[nodiscard]] bool is_empty() const { return !locked && !superseded; }
};

} // namespace solo
