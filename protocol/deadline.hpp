// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace solo::protocol {

/// A point in time (CLOCK_MONOTONIC) by which something must be over.
class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    static Deadline in(std::chrono::milliseconds time) { return Deadline{Clock::now() + time}; }
    static Deadline never() { return Deadline{Clock::time_point::max()}; }

    /// Milliseconds left as poll(2) wants them: rounded up, 0 where it has passed, -1 where there is no end.
    [[nodiscard]] int poll_timeout() const {
        if (at_ == Clock::time_point::max())
            return -1;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::int64_t{24} * 3600 * 1000));
    }

    [[nodiscard]] bool passed() const { return Clock::now() >= at_; }

    /// The nearer of the two.
    [[nodiscard]] Deadline or_earlier(Deadline other) const { return Deadline{std::min(at_, other.at_)}; }

private:
    explicit Deadline(Clock::time_point at) : at_{at} {}

    Clock::time_point at_;
};

} // namespace solo::protocol
