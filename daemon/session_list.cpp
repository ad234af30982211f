// SPDX-License-Identifier: MIT
#include "daemon/session_list.hpp"

#include <algorithm>
#include <limits>

namespace solo {

namespace {

/// So that no page keeps a login waiting.
constexpr int page_size = 32;

Session take_front(std::deque<Session>& sessions) {
    Session session = std::move(sessions.front());
    sessions.pop_front();
    return session;
}

} // namespace

SessionList::SessionList(const Slots& slots, Store& store, Wanted wanted)
    : store_{store}, wanted_{std::move(wanted)}, has_more_{wanted_.with_ended} {
    for (const Session* const session : slots.sessions())
        if (wanted_.filter.matches(*session))
            live_.push_back(*session);
    if (wanted_.limit)
        skip_to_newest(*wanted_.limit);
}

void SessionList::skip_to_newest(std::int64_t limit) {
    auto total = static_cast<std::int64_t>(live_.size());
    if (wanted_.with_ended) {
        const auto count = static_cast<int>(std::min<std::int64_t>(limit, std::numeric_limits<int>::max()));
        const auto newest = store_.newest_ended(wanted_.filter, count);
        if (!newest) {
            problem_ = newest.error();
            return;
        }
        after_ = newest->after;
        total += newest->count;
    }
    for (; total > limit; --total)
        (void)next();
}

std::optional<Session> SessionList::next() {
    if (page_.empty() && has_more_)
        read_page();
    if (!problem_.empty() || (page_.empty() && live_.empty()))
        return std::nullopt;
    const bool is_ended_next = !page_.empty() && (live_.empty() || page_.front().id < live_.front().id);
    return take_front(is_ended_next ? page_ : live_);
}

void SessionList::read_page() {
    auto page = store_.ended_after(after_, wanted_.filter, page_size);
    if (!page) {
        problem_ = page.error();
        return;
    }
    has_more_ = std::cmp_equal(page->size(), page_size);
    if (!page->empty())
        after_ = page->back().id;
    const auto was_live = [&](const Session& session) {
        return std::ranges::find(live_, session.id, &Session::id) != live_.end();
    };
    std::erase_if(*page, was_live);
    std::ranges::move(*page, std::back_inserter(page_));
}

} // namespace solo
