// SPDX-License-Identifier: MIT
// What the soak asks of sessions.sock, as root.
#pragma once

#include <optional>
#include <string>

namespace solo::testing {

/// What became of asking for a lease.
struct Lease {
    std::optional<std::string> id; ///< nothing where it was refused
    bool was_lost =
        false; ///< solod went away before an answer came: somebody may hold a lease that nobody knows
};

Lease open_lease(const std::string& account, const std::string& service, int seconds);

/// False where the lease is over.
bool renew_lease(const std::string& id);

void close_lease(const std::string& id);

/// Ends a session; returns when it is gone.
void end_session(const std::string& id);

} // namespace solo::testing
