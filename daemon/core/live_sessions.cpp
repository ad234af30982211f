// SPDX-License-Identifier: MIT
#include "daemon/core/live_sessions.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace solo {

namespace {

/// Takes this very session out of an index in which others are its equals.
void erase_from(auto& index, const LiveSession& session) {
    const auto [first, last] = index.equal_range(&session);
    if (const auto found = std::find(first, last, &session); found != last)
        index.erase(found);
}

std::int64_t& count_of(StateCounts& counts, State state) {
    return counts.at(static_cast<std::size_t>(state));
}

} // namespace

bool LiveSessions::Sooner::operator()(const LiveSession* one, const LiveSession* other) const {
    return std::tuple{one->deadline(), one->id} < std::tuple{other->deadline(), other->id};
}

void LiveSessions::add(const Session& session, Terms terms, Line line) {
    const auto place = sessions_.try_emplace(sessions_.end(), session.id, session, terms, line);
    LiveSession& added = place->second;
    if (line != Line::unknown)
        added.turn = ++last_turn_;
    if (added.slot)
        holders_.insert(&added);
    if (added.has_leader())
        led_.insert(&added);
    if (added.deadline())
        deadlines_.insert(&added);
    ++count_of(counts_, added.state);
}

Session LiveSessions::remove(const SessionId& id) {
    const auto place = sessions_.find(id);
    const LiveSession& removed = place->second;
    erase_from(holders_, removed);
    erase_from(led_, removed);
    deadlines_.erase(&removed);
    --count_of(counts_, removed.state);
    Session session = removed.full();
    sessions_.erase(place);
    return session;
}

LiveSession* LiveSessions::find(const SessionId& id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

const LiveSession* LiveSessions::find(const SessionId& id) const {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : &found->second;
}

void LiveSessions::set_state(LiveSession& session, State state) {
    --count_of(counts_, session.state);
    session.state = state;
    ++count_of(counts_, state);
}

void LiveSessions::renew(LiveSession& session, std::int64_t lapses) {
    deadlines_.erase(&session);
    session.lease->lapses = lapses;
    deadlines_.insert(&session);
}

std::vector<const LiveSession*> LiveSessions::holders_of(std::string_view account) const {
    const auto [first, last] = holders_.equal_range(account);
    std::vector<const LiveSession*> holders{first, last};
    // Neither the clock nor an id says who was granted sooner: the clock may jump, and one that has waited
    // for its slot has an older id.
    std::ranges::sort(holders, {}, [](const LiveSession* holder) {
        return std::pair{holder->turn, holder->id};
    });
    return holders;
}

const LiveSession* LiveSessions::find_led_by(const Process& leader) const {
    auto led = led_.find(leader.pid); // the others with this pid follow
    for (; led != led_.end() && (*led)->leader.pid == leader.pid; ++led)
        if ((*led)->leader == leader)
            return *led;
    return nullptr;
}

std::vector<const LiveSession*> LiveSessions::led_by(const Process& leader) const {
    std::vector<const LiveSession*> led;
    const auto [first, last] = led_.equal_range(leader.pid);
    std::copy_if(first, last, std::back_inserter(led),
                 [&](const LiveSession* session) { return session->leader == leader; });
    std::ranges::sort(led, {}, &LiveSession::id);
    return led;
}

std::vector<Session> LiveSessions::after(const SessionId& id, std::size_t count) const {
    std::vector<Session> found;
    for (auto next = sessions_.upper_bound(id); next != sessions_.end() && found.size() < count; ++next)
        found.push_back(next->second.full());
    return found;
}

std::vector<Session> LiveSessions::before(const SessionId& id, std::size_t count) const {
    std::vector<Session> found;
    for (auto next = sessions_.lower_bound(id); next != sessions_.begin() && found.size() < count;)
        found.push_back((--next)->second.full());
    return found;
}

std::optional<std::int64_t> LiveSessions::next_deadline() const {
    return deadlines_.empty() ? std::nullopt : (*deadlines_.begin())->deadline();
}

const LiveSession* LiveSessions::take_due(std::int64_t now) {
    if (deadlines_.empty() || *next_deadline() > now)
        return nullptr;
    return deadlines_.extract(deadlines_.begin()).value();
}

void LiveSessions::put_back_due(const LiveSession& session) {
    if (session.deadline())
        deadlines_.insert(&session);
}

} // namespace solo
