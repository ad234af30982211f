// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/channel.hpp"
#include "protocol/deadline.hpp"
#include "protocol/login_messages.hpp"

#include <optional>
#include <string>

#include <tl/expected.hpp>

namespace solo::pam {

/// Why a call brought no answer to build on.
struct Problem {
    std::optional<protocol::login::Refused> refused; ///< the daemon's decision; else it could not be asked
    std::string reason;                              ///< for the log, where it could not be asked
    bool is_lost = false;                            ///< the connection went away: worth another try
    bool wants_groups = false;                       ///< a rule is about groups, and the call had none
};

/// A session that the daemon opened and that was confirmed to it, with the connection that becomes its line.
struct Opened {
    std::string id; ///< empty where the daemon said that this is no login
    std::optional<std::string> notice;
    protocol::Channel channel;
};

/// The daemon as one phase sees it. Every call returns by the deadline. A socket that is absent or refuses is
/// tried again for a second at most and a lost connection a few times, so that a restart of the daemon passes
/// unnoticed; the server must run as root.
class Solod {
public:
    Solod(std::string socket, protocol::Deadline deadline)
        : socket_{std::move(socket)}, deadline_{deadline} {}

    /// Looks up the account's groups where the daemon wants to know them.
    [[nodiscard]] tl::expected<protocol::login::Check::Reply, Problem>
    check(protocol::login::Check check) const;

    /// Opens and confirms. A grant has an id; anything else than a grant and an ignore is a problem. Looks up
    /// the account's groups where the daemon wants to know them.
    [[nodiscard]] tl::expected<Opened, Problem> open(protocol::login::Open open) const;

    /// Closes over a new connection.
    [[nodiscard]] tl::expected<void, Problem> close(const std::string& id) const;

    /// Closes over a connection that is there.
    tl::expected<void, Problem> close(const std::string& id, protocol::Channel& channel) const;

private:
    template<class Attempt>
    auto until_answered(Attempt attempt, protocol::Named named = protocol::Named::no) const
        -> decltype(attempt(std::declval<protocol::Channel>()));

    std::string socket_;
    protocol::Deadline deadline_;
};

} // namespace solo::pam
