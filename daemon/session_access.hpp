// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/config.hpp"
#include "daemon/core/session.hpp"
#include "daemon/record_queue.hpp"
#include "daemon/slots.hpp"
#include "protocol/envelope.hpp"
#include "protocol/sessions_messages.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <tl/expected.hpp>

namespace solo {

class Connection;

/// Who may do what with which session, and how a session is shown. What is not allowed here is denied.
class SessionAccess {
public:
    /// All must outlive this; `policy` and `config` may change between calls.
    SessionAccess(const Slots& slots, RecordQueue& records, const Policy& policy, const Config& config,
                  std::string host);

    /// Whether the caller is uid 0 or in AdminGroup: they see and end everybody's sessions.
    [[nodiscard]] bool is_admin(Connection& connection) const;

    /// Whether the caller is uid 0 or in LeaseUsers: they open leases for everybody.
    [[nodiscard]] bool opens_for_all(Connection& connection) const;

    /// Whether the caller may see and end what belongs to this uid's account.
    [[nodiscard]] bool may_act_for(Connection& connection, const std::optional<std::uint32_t>& uid) const;

    /// Whether the caller may see the session: as its own, or as the one who has opened it as a lease.
    [[nodiscard]] bool may_see(Connection& connection, const Session& session) const;

    /// The session, live or over, where the caller may see it, else what to answer.
    [[nodiscard]] tl::expected<Session, protocol::Reply> find(const std::string& id,
                                                              Connection& connection) const;

    [[nodiscard]] protocol::Session shown(const Session& session) const;

    /// Why a session is over or being ended; by which login, where the caller may know that.
    [[nodiscard]] std::string why_over(Connection& connection, const Session& session) const;

private:
    [[nodiscard]] std::optional<Session> successor_of(const Session& session) const;

    const Slots& slots_;
    RecordQueue& records_;
    const Policy& policy_;
    const Config& config_;
    std::string host_;
};

} // namespace solo
