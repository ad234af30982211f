// SPDX-License-Identifier: MIT
#include "tests/fuzz/memory_slots.hpp"

#include "daemon/clock.hpp"

#include <asio/post.hpp>

namespace solo::testing {

Verdict MemorySlots::look(const Claim& claim) const {
    return registry_.decide(claim, now());
}

/// All logins come from this process; the registry takes them for logins of different ones.
void MemorySlots::acquire(Claim claim, std::optional<ProcessHandle> /*leader*/, Answered answered) {
    if (claim.leader.pid != 0)
        claim.leader.start_time += claim.request;
    waiting_.emplace(claim.request, std::move(answered));
    Effects effects;
    registry_.open(std::move(claim), now(), effects);
    carry_out(std::move(effects));
}

void MemorySlots::abandon(const std::string& account, RequestId request) {
    Effects effects;
    if (registry_.abandon(account, request, now(), effects))
        waiting_.erase(request);
    carry_out(std::move(effects));
}

void MemorySlots::confirm(const SessionId& id, std::optional<std::uint32_t> audit_session) {
    Effects effects;
    registry_.confirm(id, audit_session, effects);
    carry_out(std::move(effects));
}

void MemorySlots::release(const SessionId& id, Ended ended) {
    const auto session = find(id);
    if (ended && session && session->state != State::ending)
        ended_.emplace(id, Waiter{.ended = std::move(ended)});
    Effects effects;
    registry_.close(id, now(), effects);
    carry_out(std::move(effects));
}

void MemorySlots::line_closed(const SessionId& id) {
    Effects effects;
    registry_.line_closed(id, now(), effects);
    registry_.leader_exited(id, now(), effects); // it comes no more
    carry_out(std::move(effects));
}

std::optional<std::int64_t> MemorySlots::renew(const SessionId& id) {
    Effects effects;
    const auto lapses = registry_.renew(id, now(), effects);
    carry_out(std::move(effects));
    return lapses;
}

bool MemorySlots::unlock(const std::string& account) {
    Effects effects;
    const bool was_shut = registry_.unlock(account, now(), effects);
    carry_out(std::move(effects));
    return was_shut;
}

void MemorySlots::end(const SessionId& id, Reason reason, Notice /*notice*/, Waiter waiter) {
    if (!registry_.has(id))
        return;
    if (waiter.ended)
        ended_.emplace(id, std::move(waiter));
    Effects effects;
    registry_.end(id, reason, effects);
    carry_out(std::move(effects));
}

void MemorySlots::stop_waiting(const SessionId& id, RequestId request) {
    std::erase_if(ended_,
                  [&](const auto& entry) { return entry.first == id && entry.second.request == request; });
}

void MemorySlots::carry_out(Effects effects) {
    for (std::size_t i = 0; i < effects.size(); ++i) { // grows meanwhile
        if (const auto* const order = std::get_if<BeginEnding>(&effects[i])) {
            const SessionId id = order->session.id;
            if (order->session.account == "stuck")
                registry_.stuck(id, now(), effects);
            else
                registry_.gone(id, now(), effects);
        } else if (const auto* const record = std::get_if<Record>(&effects[i])) {
            const Session session = record->session;
            for (auto found = ended_.find(session.id); session.is_ended() && found != ended_.end();
                 found = ended_.find(session.id))
                asio::post(loop_, [waiter = std::move(ended_.extract(found).mapped()), session] {
                    waiter.ended(session);
                });
        } else if (const auto* const answer = std::get_if<Answer>(&effects[i])) {
            if (auto waiting = waiting_.extract(answer->request))
                asio::post(loop_,
                           [answered = std::move(waiting.mapped()), said = *answer] { answered(said); });
        }
    }
}

} // namespace solo::testing
