// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/accounts.hpp"
#include "daemon/config.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/events.hpp"
#include "daemon/history_count.hpp"
#include "daemon/leases.hpp"
#include "daemon/metrics.hpp"
#include "daemon/session_access.hpp"
#include "daemon/slots.hpp"
#include "daemon/statistics.hpp"
#include "daemon/store.hpp"
#include "protocol/sessions_messages.hpp"

#include <functional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

namespace solo {

/// What Status says of the daemon as a whole.
struct DaemonState {
    Statistics& statistics; ///< must outlive the service, as the next
    HistoryCount& history;
    std::string host;
    std::int64_t started = 0;                           ///< microseconds since the Unix epoch
    std::function<std::vector<std::string>()> problems; ///< why the daemon is degraded, one sentence each
    std::function<Gauges()> gauges;
};

/// Answers org.pamsolo.Sessions: who is logged in. Everyone sees and ends their own sessions, uid 0 and
/// AdminGroup all.
class SessionsService {
public:
    /// All must outlive the service.
    SessionsService(Slots& slots, RecordQueue& records, Accounts& accounts, Events& events,
                    Configured configured, DaemonState state);

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
    Reply metrics(protocol::sessions::Metrics call, Connection& connection, Replies replies);
    Reply unlock(protocol::sessions::Unlock call, Connection& connection, Replies replies);

    Slots& slots_;
    Store& store_;
    Accounts& accounts_;
    Events& events_;
    DaemonState state_;
    SessionAccess access_;
    Leases leases_;
    Dispatcher dispatcher_;
};

} // namespace solo
