// SPDX-License-Identifier: MIT
#include "daemon/core/contest.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace solo {

namespace {

std::int64_t microseconds(std::chrono::milliseconds time) {
    return std::chrono::microseconds{time}.count();
}

} // namespace

void Contest::count(const Now& now, const Rules& rules) {
    const std::int64_t window = now.boot - microseconds(rules.contest_window.value);
    std::erase_if(supersedings_, [&](std::int64_t when) { return when <= window; });
    supersedings_.push_back(now.boot);
    fades_ = std::max(fades_, now.boot + microseconds(rules.contest_window.value));
}

bool Contest::is_full(const Now& now, const Rules& rules) const {
    const std::int64_t window = now.boot - microseconds(rules.contest_window.value);
    const auto in_window =
        std::ranges::count_if(supersedings_, [&](std::int64_t when) { return when > window; });
    return std::cmp_greater_equal(in_window, rules.contest_limit.value);
}

void Contest::hold(const Now& now, const Rules& rules) {
    supersedings_.clear();
    held_until_ = now.boot + microseconds(rules.contest_hold.value);
    fades_ = held_until_;
}

} // namespace solo
