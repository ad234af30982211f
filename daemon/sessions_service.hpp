// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/config.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/events.hpp"
#include "daemon/slots.hpp"
#include "daemon/statistics.hpp"
#include "daemon/store.hpp"
#include "protocol/sessions_messages.hpp"

#include <functional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

namespace solo {

/// What Status says beyond the counters.
struct DaemonState {
    std::string host;
    std::int64_t started = 0;                           ///< microseconds since the Unix epoch
    std::function<std::vector<std::string>()> problems; ///< why the daemon is degraded, one sentence each
};

/// Answers org.pamsolo.Sessions: who is logged in. Everyone sees and ends their own sessions, uid 0 and
/// AdminGroup all.
class SessionsService {
public:
    /// All must outlive the service; `config` may change between calls.
    SessionsService(Slots& slots, Store& store, Events& events, const Statistics& statistics,
                    const Config& config, DaemonState state);

    [[nodiscard]] const Dispatcher& dispatcher() const { return dispatcher_; }

private:
    using Reply = asio::awaitable<protocol::Reply>;
    using Replies = Dispatcher::Replies;

    Reply list(protocol::sessions::List call, Connection& connection, Replies replies);
    Reply get(protocol::sessions::Get call, Connection& connection, Replies replies);
    Reply validate(protocol::sessions::Validate call, Connection& connection, Replies replies);
    Reply end(protocol::sessions::End call, Connection& connection, Replies replies);
    Reply watch(protocol::sessions::Watch call, Connection& connection, Replies replies);
    Reply status(protocol::sessions::Status call, Connection& connection, Replies replies);

    [[nodiscard]] bool sees_all(Connection& connection) const;
    [[nodiscard]] bool may_see(Connection& connection, const std::optional<std::uint32_t>& uid) const;
    [[nodiscard]] protocol::Session shown(const Session& session) const;
    tl::expected<Session, protocol::Reply> find(const std::string& id, Connection& connection);

    Slots& slots_;
    Store& store_;
    Events& events_;
    const Statistics& statistics_;
    const Config& config_;
    DaemonState state_;
    std::optional<std::int64_t> history_at_start_; ///< counted when first asked for
    Dispatcher dispatcher_;
};

} // namespace solo
