// SPDX-License-Identifier: MIT
// What clients ask of the slots, as something to wait for.
#pragma once

#include "daemon/slots.hpp"

#include <functional>
#include <optional>

#include <asio/awaitable.hpp>

namespace solo {

class Connection;

/// Asks for a slot on behalf of a client and waits for the answer, which in supersede may take a while.
/// Nothing where the client goes meanwhile: then it waits no longer, and a grant that was on its way already
/// is given back. Sets the claim's request.
asio::awaitable<std::optional<Answer>> acquire(Slots& slots, Claim claim, std::optional<ProcessHandle> leader,
                                               Connection& connection);

/// The session is over: waits until that is on record. One that is ended already, or is being ended, stays as
/// it is.
asio::awaitable<void> release(Slots& slots, SessionId id);

/// Ends a session that is not over and waits until it is. Nothing where the client goes meanwhile; the
/// session ends all the same.
asio::awaitable<std::optional<Session>> end(Slots& slots, SessionId id, Reason reason, Notice notice,
                                            Connection& connection);

/// Visits all sessions that are not over, oldest first.
void for_each_session(const Slots& slots, const std::function<void(const Session&)>& visit);

/// Nobody takes this session that was granted just now.
void give_back(Slots& slots, const SessionId& id);

} // namespace solo
