// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/now.hpp"
#include "daemon/core/policy.hpp"

#include <cstdint>
#include <vector>

namespace solo {

/// Two people who keep superseding each other's sessions of one account.
class Contest {
public:
    /// A login of the account supersedes a session.
    void count(const Now& now, const Rules& rules);

    /// Whether one superseding more would be too many (ContestLimit, ContestWindow).
    [[nodiscard]] bool is_full(const Now& now, const Rules& rules) const;

    /// Nobody supersedes for a while (ContestHold). What was counted is forgotten.
    void hold(const Now& now, const Rules& rules);

    [[nodiscard]] bool is_held(const Now& now) const { return now.boot < held_until_; }

    /// Ends the hold, and forgets what was counted.
    void forget() { *this = {}; }

    /// When all this says nothing any more, in microseconds of CLOCK_BOOTTIME; 0 where it never said
    /// anything.
    [[nodiscard]] std::int64_t fades() const { return fades_; }

private:
    std::vector<std::int64_t> supersedings_; ///< when, as far back as the window of the last one reached
    std::int64_t held_until_ = 0;
    std::int64_t fades_ = 0;
};

} // namespace solo
