// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/events.hpp"
#include "protocol/sessions_messages.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

namespace solo {

/// The events that one Watch call is sent, from its beginning on. A watcher that does not keep up is let go:
/// it must not cost memory without bound.
class WatchStream {
public:
    using Filter = std::function<bool(const Happening&)>;
    using Shown = std::function<protocol::Session(const Session&)>;

    WatchStream(Events& events, asio::any_io_executor executor, Filter filter, Shown shown);

    /// The next event; nothing once the stream was stopped or the watcher has fallen behind too far.
    asio::awaitable<std::optional<protocol::Event>> next();

    /// Stops the stream when called; may be called after the stream has gone.
    [[nodiscard]] std::function<void()> stopper() const;

private:
    struct Queue;

    std::shared_ptr<Queue> queue_;
    std::unique_ptr<Events::Subscription> subscription_;
};

} // namespace solo
