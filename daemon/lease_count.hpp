// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/events.hpp"
#include "daemon/slots.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace solo {

/// How many leases each user has open, so that nobody fills the daemon with them.
class LeaseCount {
public:
    /// Counts those that are open, and from then on what happens. `events` must outlive it.
    LeaseCount(const Slots& slots, Events& events);

    [[nodiscard]] int of(std::uint32_t opener) const;

private:
    void take_note(const Happening& happening);

    std::unordered_map<std::uint32_t, int> open_;
    std::unique_ptr<Events::Subscription> subscription_;
};

} // namespace solo
