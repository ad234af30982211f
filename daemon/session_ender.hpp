// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/registry.hpp"
#include "daemon/tty_notice.hpp"

#include <functional>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace solo {

class ProcessSet;

/// Makes a session's processes go away: tells its terminals, asks its leader to end (SIGTERM), then what is
/// left (SIGTERM, SIGHUP), and kills after the grace time. Every signal goes through a pidfd.
class SessionEnder {
public:
    using Said = std::function<void(const SessionId&)>;

    /// `gone` is said once for each session, when no process of it is left; `stuck` before it, and again
    /// every now and then, while processes outlive even SIGKILL or cannot be looked at.
    SessionEnder(asio::any_io_executor executor, Said gone, Said stuck)
        : executor_{std::move(executor)}, gone_{std::move(gone)}, stuck_{std::move(stuck)} {}

    /// Begins; says gone or stuck later, from the event loop. `notice` is for its terminals.
    void begin(const BeginEnding& order, Notice notice);

private:
    asio::awaitable<void> run(BeginEnding order, Notice notice);
    asio::awaitable<void> ask(ProcessSet& processes, const BeginEnding& order, const Notice& notice) const;
    asio::awaitable<void> kill(ProcessSet& processes, SessionId id) const;

    asio::any_io_executor executor_;
    Said gone_;
    Said stuck_;
};

} // namespace solo
