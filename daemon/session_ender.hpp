// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/registry.hpp"
#include "daemon/tty_notice.hpp"

#include <chrono>
#include <functional>
#include <optional>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <tl/expected.hpp>

namespace solo {

class ProcessLooks;
class ProcessSet;

/// Makes a session's processes go away: tells its terminals, asks its leader to end (SIGTERM), then what is
/// left (SIGTERM, SIGHUP). After the grace time logind is told to stop the session, and what is left is
/// killed. Every signal goes through a pidfd, but for the last one to a scope that does not empty otherwise.
class SessionEnder {
public:
    using Said = std::function<void(const SessionId&)>;
    using Deadline = std::chrono::steady_clock::time_point;

    /// Tells logind to stop a session of its own, by logind's id; the error is a sentence for the log.
    using Terminate = std::function<asio::awaitable<tl::expected<void, std::string>>(std::string, Deadline)>;

    /// What is known of a session now; nothing where it is over.
    struct Known {
        Session session;
        bool is_line_closed = false; ///< nobody has the login program's end of its line
    };
    using Find = std::function<std::optional<Known>(const SessionId&)>;

    /// `looks` must outlive it. `gone` is said once for each session, when no process of it is left; `stuck`
    /// before it, and again every now and then, while processes outlive even SIGKILL or cannot be looked at.
    SessionEnder(asio::any_io_executor executor, ProcessLooks& looks, Find find, Terminate terminate,
                 Said gone, Said stuck)
        : executor_{std::move(executor)}, looks_{looks}, find_{std::move(find)},
          terminate_{std::move(terminate)}, gone_{std::move(gone)}, stuck_{std::move(stuck)} {}

    /// Begins; says gone or stuck later, from the event loop. `notice` is for its terminals.
    void begin(const BeginEnding& order, Notice notice);

private:
    asio::awaitable<void> run(BeginEnding order, Notice notice);
    asio::awaitable<void> look(ProcessSet& processes, SessionId id) const;
    asio::awaitable<bool> all_exited(ProcessSet& processes, SessionId id, Deadline deadline) const;
    asio::awaitable<void> ask(ProcessSet& processes, const BeginEnding& order, const Notice& notice) const;
    asio::awaitable<void> tell_logind(ProcessSet& processes, const Session& session) const;
    asio::awaitable<void> kill(ProcessSet& processes, SessionId id) const;

    asio::any_io_executor executor_;
    ProcessLooks& looks_;
    Find find_;
    Terminate terminate_;
    Said gone_;
    Said stuck_;
};

} // namespace solo
