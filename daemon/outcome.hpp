// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/registry.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace solo {

/// What has become of a login, as metrics count it: the words of Decision, and what those leave together.
enum class Outcome : std::uint8_t {
    grant,
    supersede, ///< granted, after a session was ended for it
    refuse,
    ask,          ///< the person was asked; what comes of that is counted by itself
    ignore,       ///< no login (IgnoreServices)
    join,         ///< part of the session that it comes from
    would_refuse, ///< these three: granted in a trial run (Enforce=no)
    would_supersede,
    would_ask,
    abandon, ///< its program went away before the answer
};

constexpr auto enum_names(Outcome /*unused*/) {
    return std::to_array<std::string_view>({"grant", "supersede", "refuse", "ask", "ignore", "join",
                                            "would-refuse", "would-supersede", "would-ask", "abandon"});
}

/// Nothing where the login was counted before: a retry after a lost reply.
std::optional<Outcome> outcome_of(const Answer& answer);

} // namespace solo
