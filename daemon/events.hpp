// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "protocol/sessions_messages.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace solo {

/// Something that happened, for the log, the counters and whoever watches.
struct Happening {
    protocol::EventKind kind = protocol::EventKind::opened;
    std::int64_t time = 0;                    ///< microseconds since the Unix epoch
    std::optional<std::uint32_t> uid;         ///< whose account it is about: they may know
    const Session* session = nullptr;         ///< valid during the call only; none where none is recorded
    std::string message;                      ///< safe to show; may be empty
    std::string account;                      ///< where there is no session that says it
    const protocol::Origin* origin = nullptr; ///< the same; valid during the call only
    std::string_view decision;                ///< on a login: what was decided, in the words of metrics
    std::string rule;                         ///< what in the configuration decided it
};

/// Tells every listener, in the order in which they came.
class Events {
public:
    using Listener = std::function<void(const Happening&)>;

    /// Ends the listening when it goes. It must not outlive the Events.
    class Subscription {
    public:
        Subscription(std::list<Listener>& listeners, std::list<Listener>::iterator place)
            : listeners_{&listeners}, place_{place} {}
        Subscription(const Subscription&) = delete;
        Subscription& operator=(const Subscription&) = delete;
        ~Subscription() { listeners_->erase(place_); }

    private:
        std::list<Listener>* listeners_;
        std::list<Listener>::iterator place_;
    };

    /// A listener must not subscribe or unsubscribe while it is being told.
    [[nodiscard]] std::unique_ptr<Subscription> subscribe(Listener listener) {
        listeners_.push_back(std::move(listener));
        return std::make_unique<Subscription>(listeners_, std::prev(listeners_.end()));
    }

    void publish(const Happening& happening) const {
        for (const Listener& listener : listeners_)
            listener(happening);
    }

private:
    std::list<Listener> listeners_;
};

/// Publishes that a login was refused, by which rule, and why.
void publish_refusal(const Events& events, const protocol::Account& account, const protocol::Origin& origin,
                     const std::string& rule, const std::string& reason);

} // namespace solo
