// SPDX-License-Identifier: MIT
// How long a session has been without input. Pure: what its terminals say in, what is due out.
#pragma once

#include "daemon/core/now.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace solo {

/// When there was input last on each terminal, as w(1) has it: microseconds since the Unix epoch, by the
/// terminal's device number. By a clock that can be set at any time, so that only a change of it says
/// anything: that there was input since the last look.
using Inputs = std::map<int, std::int64_t>;

/// Watches one session with an idle timeout.
///
/// What is not known counts as input, so that nobody is ended early: a session without a terminal is not
/// idle unless logind has a hint, and the time begins anew when it is watched anew. It is late by the time
/// between two looks at most, or by the 8 s that a terminal may keep input to itself.
class IdleClock {
public:
    enum class Due : std::uint8_t {
        nothing,
        notice, ///< tell the person that they will be logged out; due once until there is input again
        end,    ///< never before a notice was due
    };

    /// The session counts as active now.
    IdleClock(std::chrono::milliseconds timeout, const Now& now) : timeout_{timeout}, active_{now.boot} {}

    /// What is due, given what the terminals say now. To be called at next_look(); more often does no harm.
    Due look(const Inputs& inputs, const Now& now);

    /// The same of a session without a terminal, given since when logind has it for idle, if it does: by any
    /// clock, because only that it is still the same says anything.
    Due look(std::optional<std::uint64_t> hint, const Now& now);

    /// In microseconds of CLOCK_BOOTTIME. Sessions with the same timeout are looked at together as long as
    /// nothing is due.
    [[nodiscard]] std::int64_t next_look(const Now& now) const;

    /// How long the session has been idle.
    [[nodiscard]] std::chrono::milliseconds idle(const Now& now) const;

    [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

private:
    Due due(const Now& now);
    void begin_anew(std::int64_t when);
    [[nodiscard]] std::int64_t next_due() const;

    std::chrono::milliseconds timeout_;
    std::int64_t active_; ///< there may have been input until then; microseconds of CLOCK_BOOTTIME
    std::optional<std::int64_t> told_;  ///< when the notice was due; none since there was input
    Inputs inputs_;                     ///< at the last look
    std::optional<std::uint64_t> hint_; ///< at the last look
};

/// How long before a session's end its person is told: a minute, or half of a time shorter than two.
std::chrono::milliseconds notice_time(std::chrono::milliseconds limit);

} // namespace solo
