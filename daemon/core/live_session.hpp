// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/policy.hpp"
#include "daemon/core/session.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace solo {

/// What of the rules a session goes by until it is over.
struct Terms {
    explicit Terms(const Rules& rules);

    std::chrono::milliseconds grace_time;
    OnLeaderExit on_leader_exit;
    bool reveal_holder;
};

/// The login program's end of a session's line. Unknown after a restart.
enum class Line : std::uint8_t { open, closed, unknown };

/// A session that is not over, in little memory: a host may have a million leases. What logins are decided by
/// is at hand, the texts lie packed in one block, and full() has all of it.
class LiveSession {
public:
    LiveSession(const Session& session, Terms its_terms, Line its_line);

    /// As it is recorded.
    [[nodiscard]] Session full() const;

    [[nodiscard]] std::string_view account() const;
    [[nodiscard]] std::string_view nonce() const;
    [[nodiscard]] protocol::Origin origin() const;
    [[nodiscard]] Traces traces() const;
    [[nodiscard]] bool has_leader() const { return leader.pid != 0; }
    [[nodiscard]] bool is_ending() const { return state == State::ending; }

    /// As Session::deadline().
    [[nodiscard]] std::optional<std::int64_t> deadline() const { return deadline_of(lease, expires); }

    void set_traces(const Traces& traces);
    void set_gids(const std::vector<std::uint32_t>& gids);

    // LiveSessions finds it by these, and only it changes them.
    SessionId id;
    std::uint32_t turn = 0; ///< who was granted sooner has a lower one; none (0) from before this run
    Process leader;
    std::optional<std::int64_t> expires;
    std::optional<Lease> lease;
    State state;

    std::optional<Reason> reason;
    Line line;
    bool is_stuck = false;
    int share;
    std::optional<int> slot;
    Terms terms;

private:
    struct Texts;
    [[nodiscard]] Texts texts() const;
    void pack(const Texts& texts);

    std::optional<std::uint32_t> uid_;
    std::int64_t opened_;
    std::optional<std::uint64_t> line_inode_;
    std::optional<std::uint32_t> audit_session_;
    std::unique_ptr<const char[]> packed_;
};

} // namespace solo
