// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <unordered_map>

namespace solo {

/// How many leases a user may ask for, so that nobody fills the history and the log with what lasts a moment:
/// `most` at once, and one more each second.
class LeaseBudget {
public:
    static constexpr int most = 128;

    /// False where the user has none left. `now` is in microseconds of CLOCK_BOOTTIME and never goes back.
    bool spend(std::uint32_t uid, std::int64_t now);

    /// How many users are remembered: those who have asked in the last `most` seconds, and some more.
    [[nodiscard]] std::size_t users() const { return whole_again_.size(); }

private:
    void forget(std::int64_t now);

    std::unordered_map<std::uint32_t, std::int64_t> whole_again_; ///< when all may be spent again, by user
    std::size_t crowd_ = 64; ///< when so many are remembered, those are forgotten who may spend all
};

} // namespace solo
