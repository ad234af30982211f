// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace solo {

/// How long something took, counted in fixed classes: adding costs no memory.
class Latency {
public:
    /// A class holds what took at most this long, in nanoseconds; one more holds the rest.
    static constexpr auto bounds = std::to_array<std::int64_t>(
        {50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 25'000'000,
         50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000,
         10'000'000'000});

    void add(std::chrono::nanoseconds took) {
        const auto nanoseconds = static_cast<std::int64_t>(took.count());
        const auto place = std::ranges::lower_bound(bounds, nanoseconds) - bounds.begin();
        ++counts_[static_cast<std::size_t>(place)];
        sum_ += nanoseconds;
    }

    [[nodiscard]] const std::array<std::int64_t, bounds.size() + 1>& counts() const { return counts_; }
    [[nodiscard]] std::int64_t sum() const { return sum_; } ///< nanoseconds

private:
    std::array<std::int64_t, bounds.size() + 1> counts_{};
    std::int64_t sum_ = 0;
};

} // namespace solo
