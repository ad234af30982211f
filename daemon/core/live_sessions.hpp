// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/live_session.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace solo {

/// How many sessions are in each state, by its number.
using StateCounts = std::array<std::int64_t, enum_names(State{}).size()>;

/// All sessions that are not over, and how they are found.
class LiveSessions {
public:
    void add(const Session& session, Terms terms, Line line);

    /// The session as it was, which has to be there.
    Session remove(const SessionId& id);

    /// Null where there is none.
    [[nodiscard]] LiveSession* find(const SessionId& id);
    [[nodiscard]] const LiveSession* find(const SessionId& id) const;

    void set_state(LiveSession& session, State state);

    /// A lease lasts until then; microseconds of CLOCK_BOOTTIME.
    void renew(LiveSession& session, std::int64_t lapses);

    /// The sessions that hold a slot of the account, oldest first.
    [[nodiscard]] std::vector<const LiveSession*> holders_of(std::string_view account) const;

    [[nodiscard]] bool has_holders(std::string_view account) const { return holders_.contains(account); }

    /// One of the sessions of which this process is the leader; null where there is none.
    [[nodiscard]] const LiveSession* find_led_by(const Process& leader) const;

    /// All of them, oldest first.
    [[nodiscard]] std::vector<const LiveSession*> led_by(const Process& leader) const;

    /// Up to `count` with a greater id, oldest first.
    [[nodiscard]] std::vector<Session> after(const SessionId& id, std::size_t count) const;

    /// Up to `count` with a smaller id, newest first.
    [[nodiscard]] std::vector<Session> before(const SessionId& id, std::size_t count) const;

    /// When the next session reaches its deadline, in microseconds of CLOCK_BOOTTIME.
    [[nodiscard]] std::optional<std::int64_t> next_deadline() const;

    /// The next session that has reached its deadline by now, once; null where there is none.
    const LiveSession* take_due(std::int64_t now);

    /// take_due() gives the session again.
    void put_back_due(const LiveSession& session);

    [[nodiscard]] const StateCounts& count_by_state() const { return counts_; }

    [[nodiscard]] std::size_t size() const { return sessions_.size(); }

private:
    struct SameAccount {
        using is_transparent = void;
        static std::string_view account(const LiveSession* session) { return session->account(); }
        static std::string_view account(std::string_view name) { return name; }
        std::size_t operator()(const auto& what) const noexcept {
            return std::hash<std::string_view>{}(account(what));
        }
        bool operator()(const auto& one, const auto& other) const { return account(one) == account(other); }
    };

    struct SamePid {
        using is_transparent = void;
        static int pid(const LiveSession* session) { return session->leader.pid; }
        static int pid(int pid) { return pid; }
        std::size_t operator()(const auto& what) const noexcept { return std::hash<int>{}(pid(what)); }
        bool operator()(const auto& one, const auto& other) const { return pid(one) == pid(other); }
    };

    struct Sooner {
        bool operator()(const LiveSession* one, const LiveSession* other) const;
    };

    std::map<SessionId, LiveSession> sessions_; ///< ordered, so that they can be listed a page at a time
    StateCounts counts_{};
    std::uint32_t last_turn_ = 0;
    std::unordered_multiset<const LiveSession*, SameAccount, SameAccount> holders_;
    std::unordered_multiset<const LiveSession*, SamePid, SamePid> led_;
    std::set<const LiveSession*, Sooner> deadlines_;
};

} // namespace solo
