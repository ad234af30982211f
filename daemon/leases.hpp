// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/accounts.hpp"
#include "daemon/config.hpp"
#include "daemon/core/lease_budget.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/events.hpp"
#include "daemon/lease_count.hpp"
#include "daemon/session_access.hpp"
#include "daemon/slots.hpp"
#include "daemon/statistics.hpp"
#include "protocol/sessions_messages.hpp"

#include <optional>
#include <string>

#include <asio/awaitable.hpp>

namespace solo {

/// What is configured now. Both must outlive who has it, and may change at any time.
struct Configured {
    const Policy& policy;
    const Config& config;
};

/// The part of org.pamsolo.Sessions that is about sessions without a process: OpenLease, Renew, CloseLease;
/// and Explain, which says what would become of one.
class Leases {
public:
    /// All must outlive this.
    Leases(Slots& slots, Accounts& accounts, Events& events, const SessionAccess& access,
           Configured configured, Statistics& statistics);

    /// Adds the methods.
    void serve_with(Dispatcher& dispatcher);

private:
    using Reply = asio::awaitable<protocol::Reply>;

    Reply open(protocol::sessions::OpenLease call, Connection& connection);
    Reply renew(protocol::sessions::Renew call, Connection& connection);
    Reply close(protocol::sessions::CloseLease call, Connection& connection);
    Reply explain(protocol::sessions::Explain call, Connection& connection);

    asio::awaitable<tl::expected<protocol::Account, protocol::Reply>> find_account(std::string name,
                                                                                   Connection& connection);
    [[nodiscard]] std::optional<protocol::Reply> objection(const protocol::Account& account,
                                                           const Ruling& ruling, Connection& connection);
    void count(const Claim& claim, const std::optional<Answer>& answer, Connection& connection);
    [[nodiscard]] protocol::Reply refusal(const Verdict& verdict, const Claim& claim,
                                          Connection& connection) const;
    [[nodiscard]] std::optional<protocol::Session> holder_of(const Verdict& verdict, bool reveals,
                                                             Connection& connection) const;

    Slots& slots_;
    Accounts& accounts_;
    Events& events_;
    const SessionAccess& access_;
    const Policy& policy_;
    const Config& config_;
    Statistics& statistics_;
    std::optional<LeaseCount> count_; ///< from the first time that it is asked for
    LeaseBudget budget_;
};

} // namespace solo
