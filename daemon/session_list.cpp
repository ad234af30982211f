// SPDX-License-Identifier: MIT
#include "daemon/session_list.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace solo {

namespace {

/// So that no step keeps a login waiting.
constexpr int page_size = 16;

/// Of ids alone.
constexpr int id_page_size = 64;

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
    : slots_{slots}, store_{store}, wanted_{std::move(wanted)}, sought_{wanted_.limit},
      sought_before_{IdRange::greatest_id()} {
    if (!wanted_.with_ended)
        read_to_ = IdRange::greatest_id();
    if (const auto newest = slots.sessions_before(IdRange::greatest_id(), 1); !newest.empty())
        last_ = newest.front().id;
}

std::optional<Session> SessionList::step() {
    if (sought_) {
        seek();
    } else if (live_.empty() && has_more_live_) {
        read_live();
    } else if (page_.empty() && has_more_ended()) {
        read_page();
    } else if (page_.empty() && live_.empty()) {
        is_over_ = true;
    } else {
        const bool is_ended_next = !page_.empty() && (live_.empty() || page_.front().id < live_.front().id);
        return take_front(is_ended_next ? page_ : live_);
    }
    is_over_ = is_over_ || !problem_.empty();
    return std::nullopt;
}

/// Counts some of those that are wanted, the newest first. Both kinds at once, because one that is over by
/// the next step is to be counted once.
void SessionList::seek() {
    SessionId from; // all that are not older than this are in `ids`
    std::vector<SessionId> ids = newest_live(from);
    if (wanted_.with_ended)
        add_newest_ended(ids, from);
    std::erase_if(ids, [&](const SessionId& id) { return id < from; });
    std::ranges::sort(ids, std::greater{});
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    if (std::cmp_greater_equal(ids.size(), *sought_))
        return begin_after(just_before(ids.at(static_cast<std::size_t>(*sought_) - 1)));
    *sought_ -= static_cast<std::int64_t>(ids.size());
    sought_before_ = from;
    if (!ids.empty())
        first_ = ids.back();
    if (from == SessionId{})
        begin_after(just_before(first_));
}

/// Up to a page of those that are not over. If there are more, `from` becomes the id of the oldest of these.
std::vector<SessionId> SessionList::newest_live(SessionId& from) const {
    std::vector<SessionId> ids;
    const auto page = slots_.sessions_before(sought_before_, id_page_size);
    for (const Session& session : page)
        if (wanted_.filter.matches(session))
            ids.push_back(session.id);
    if (page.size() == id_page_size)
        from = page.back().id;
    return ids;
}

/// Likewise those that have ended, down to `from`.
void SessionList::add_newest_ended(std::vector<SessionId>& ids, SessionId& from) {
    const IdRange range{.after = from == SessionId{} ? from : just_before(from),
                        .up_to = just_before(sought_before_)};
    const auto page = store_.newest_ended(range, wanted_.filter, id_page_size);
    if (!page) {
        problem_ = page.error();
        return;
    }
    ids.insert(ids.end(), page->found.begin(), page->found.end());
    from = page->last.value_or(from);
}

void SessionList::begin_after(const SessionId& id) {
    after_ = live_after_ = id;
    sought_.reset();
}

void SessionList::read_live() {
    auto page = slots_.sessions_after(live_after_, page_size);
    has_more_live_ = page.size() == page_size && page.back().id < last_;
    for (Session& session : page) {
        live_after_ = session.id;
        if (session.id <= last_ && wanted_.filter.matches(session))
            live_.push_back(std::move(session));
    }
}

/// Up to where ended ones may be read: not beyond what has been read of the live ones, so that one that ends
/// before it is read there is found here, then.
SessionId SessionList::bound() const {
    return has_more_live_ ? live_after_ : IdRange::greatest_id();
}

void SessionList::read_page() {
    auto page = store_.ended({.after = after_, .up_to = bound()}, wanted_.filter, page_size);
    if (!page) {
        problem_ = page.error();
        return;
    }
    if (page->last)
        after_ = *page->last;
    else
        after_ = read_to_ = bound();
    const auto was_live = [&](const Session& session) {
        return std::ranges::binary_search(live_, session.id, {}, &Session::id);
    };
    std::erase_if(page->found, was_live);
    std::ranges::move(page->found, std::back_inserter(page_));
}

} // namespace solo
