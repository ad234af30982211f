// SPDX-License-Identifier: MIT
#include "daemon/core/lease_budget.hpp"

#include <algorithm>

namespace solo {

namespace {

constexpr std::int64_t interval = 1'000'000;

} // namespace

bool LeaseBudget::spend(std::uint32_t uid, std::int64_t now) {
    if (whole_again_.size() >= crowd_)
        forget(now);
    std::int64_t& whole_again = whole_again_[uid];
    const std::int64_t after = std::max(whole_again, now) + interval;
    if (after - now > most * interval)
        return false;
    whole_again = after;
    return true;
}

void LeaseBudget::forget(std::int64_t now) {
    std::erase_if(whole_again_, [now](const auto& user) { return user.second <= now; });
    crowd_ = std::max<std::size_t>(64, 2 * whole_again_.size());
}

} // namespace solo
