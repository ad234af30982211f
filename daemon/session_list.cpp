// SPDX-License-Identifier: MIT
#include "daemon/session_list.hpp"

#include <algorithm>
#include <limits>

namespace solo {

namespace {

/// So that no page keeps a login waiting.
constexpr int page_size = 32;

/// No id is greater.
SessionId greatest() {
    SessionId id;
    id.bytes.fill(0xff);
    return id;
}

/// The greatest id that is smaller.
SessionId just_before(SessionId id) {
    for (auto byte = id.bytes.rbegin(); byte != id.bytes.rend(); ++byte)
        if ((*byte)-- != 0)
            break;
    return id;
}

Session take_front(std::deque<Session>& sessions) {
    Session session = std::move(sessions.front());
    sessions.pop_front();
    return session;
}

} // namespace

SessionList::SessionList(const Slots& slots, Store& store, Wanted wanted)
    : slots_{slots}, store_{store}, wanted_{std::move(wanted)} {
    if (!wanted_.with_ended)
        read_to_ = greatest();
    if (const auto newest = slots.sessions_before(greatest(), 1); !newest.empty())
        last_ = newest.front()->id;
    if (wanted_.limit)
        skip_to_newest(*wanted_.limit);
}

void SessionList::skip_to_newest(std::int64_t limit) {
    std::int64_t total = skip_to_newest_live(limit);
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

/// How many there are, up to the limit.
std::int64_t SessionList::skip_to_newest_live(std::int64_t limit) {
    std::int64_t count = 0;
    SessionId before = greatest();
    for (;;) {
        const auto page = slots_.sessions_before(before, page_size);
        for (const Session* const session : page) {
            before = session->id;
            if (!wanted_.filter.matches(*session) || ++count < limit)
                continue;
            live_after_ = just_before(before);
            return count;
        }
        if (page.size() < page_size)
            return count;
    }
}

std::optional<Session> SessionList::next() {
    if (live_.empty())
        read_live();
    while (page_.empty() && problem_.empty() && has_more_ended())
        read_page();
    if (!problem_.empty() || (page_.empty() && live_.empty()))
        return std::nullopt;
    const bool is_ended_next = !page_.empty() && (live_.empty() || page_.front().id < live_.front().id);
    return take_front(is_ended_next ? page_ : live_);
}

/// Copies, because a session may end before it is given.
void SessionList::read_live() {
    while (live_.empty() && has_more_live_) {
        const auto page = slots_.sessions_after(live_after_, page_size);
        has_more_live_ = page.size() == page_size && page.back()->id < last_;
        for (const Session* const session : page) {
            live_after_ = session->id;
            if (session->id <= last_ && wanted_.filter.matches(*session))
                live_.push_back(*session);
        }
    }
}

/// Up to where ended ones may be read: not beyond what has been read of the live ones, so that one that ends
/// before it is read there is found here, then.
SessionId SessionList::bound() const {
    return has_more_live_ ? live_after_ : greatest();
}

void SessionList::read_page() {
    auto page = store_.ended_after(after_, wanted_.filter, page_size);
    if (!page) {
        problem_ = page.error();
        return;
    }
    const bool is_full = std::cmp_equal(page->size(), page_size);
    const auto beyond = std::erase_if(*page, [&](const Session& session) { return session.id > bound(); });
    if (!is_full || beyond != 0)
        after_ = read_to_ = bound();
    else
        after_ = page->back().id;
    const auto was_live = [&](const Session& session) {
        return std::ranges::binary_search(live_, session.id, {}, &Session::id);
    };
    std::erase_if(*page, was_live);
    std::ranges::move(*page, std::back_inserter(page_));
}

} // namespace solo
