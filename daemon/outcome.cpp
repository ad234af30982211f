// SPDX-License-Identifier: MIT
#include "daemon/outcome.hpp"

namespace solo {

namespace {

using protocol::Decision;

Outcome in_trial(Decision would) {
    switch (would) {
    case Decision::refuse:
        return Outcome::would_refuse;
    case Decision::supersede:
        return Outcome::would_supersede;
    case Decision::ask:
        return Outcome::would_ask;
    default:
        return Outcome::grant;
    }
}

} // namespace

std::optional<Outcome> outcome_of(const Answer& answer) {
    using Because = Verdict::Because;
    const Verdict& verdict = answer.verdict;
    if (verdict.decision == Decision::ignore)
        return Outcome::ignore;
    if (verdict.decision != Decision::grant)
        return Outcome::refuse;
    if (verdict.because == Because::retried)
        return std::nullopt;
    if (verdict.because == Because::joined)
        return Outcome::join;
    if (verdict.because == Because::trial)
        return in_trial(verdict.would.decision);
    return answer.superseded ? Outcome::supersede : Outcome::grant;
}

} // namespace solo
