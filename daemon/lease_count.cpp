// SPDX-License-Identifier: MIT
#include "daemon/lease_count.hpp"

#include "daemon/slot_calls.hpp"

namespace solo {

LeaseCount::LeaseCount(const Slots& slots, Events& events) {
    for_each_session(slots, [this](const Session& session) {
        if (session.lease)
            ++open_[session.lease->opened_by];
    });
    subscription_ = events.subscribe([this](const Happening& happening) { take_note(happening); });
}

int LeaseCount::of(std::uint32_t opener) const {
    const auto found = open_.find(opener);
    return found == open_.end() ? 0 : found->second;
}

void LeaseCount::take_note(const Happening& happening) {
    if (happening.session == nullptr || !happening.session->lease)
        return;
    const auto opener = happening.session->lease->opened_by;
    if (happening.kind == protocol::EventKind::opened)
        ++open_[opener];
    if (happening.kind == protocol::EventKind::ended && --open_[opener] <= 0)
        open_.erase(opener);
}

} // namespace solo
