// SPDX-License-Identifier: MIT
// What the registry answers a login, by who holds the slots. Changes nothing.
#include "daemon/core/registry.hpp"

#include <algorithm>
#include <utility>

namespace solo {

using protocol::Decision;
using Because = Verdict::Because;

namespace {

/// Whether the two logins come from the same place: the same host, or without one the same terminal.
bool is_same_origin(const protocol::Origin& one, const protocol::Origin& other) {
    const auto text_of = [](const std::optional<std::string>& text) { return text.value_or(std::string{}); };
    const std::string host = text_of(one.rhost);
    if (!host.empty() || !text_of(other.rhost).empty())
        return host == text_of(other.rhost);
    return !text_of(one.tty).empty() && text_of(one.tty) == text_of(other.tty);
}

Verdict granted(Because because, std::string rule) {
    return {.decision = Decision::grant, .because = because, .holder = std::nullopt, .rule = std::move(rule)};
}

} // namespace

Verdict Registry::decide(const Claim& claim, const Now& now) const {
    if (claim.ruling.kind == Ruling::Kind::ignored)
        return {Decision::ignore, Because::not_a_login, std::nullopt, claim.ruling.rule};
    if (find_retried(claim) != nullptr)
        return granted(Because::retried, "nonce");
    if (claim.ruling.kind == Ruling::Kind::exempt)
        return granted(Because::exempt, claim.ruling.rule);
    const LiveSession* const outer = claim.inside ? live_.find(*claim.inside) : nullptr;
    if (outer != nullptr && outer->account() == claim.account.name && outer->state == State::active)
        return granted(Because::joined, "session " + outer->id.text());

    Verdict verdict = decide_slot(claim, now);
    const auto& enforce = claim.ruling.rules.enforce;
    if (verdict.decision != Decision::grant && !enforce.value) {
        verdict.would = {verdict.decision, verdict.because, verdict.rule};
        verdict.decision = Decision::grant;
        verdict.because = Because::trial;
        verdict.rule = rule_text(enforce.source, "Enforce");
    }
    return verdict;
}

Verdict Registry::decide_slot(const Claim& claim, const Now& now) const {
    const Rules& rules = claim.ruling.rules;
    if (affairs_of(claim.account.name).note.locked)
        return {Decision::refuse, Because::locked, std::nullopt,
                rule_text(rules.contest_action.source, "ContestAction")};
    const auto slots = slots_of(claim.account.name);
    if (find_shareable(rules, claim.origin, slots) != nullptr)
        return granted(Because::same_origin, rule_text(rules.count_by.source, "CountBy"));
    if (std::cmp_less(slots.size(), rules.max_sessions.value))
        return granted(Because::free_slot, rule_text(rules.max_sessions.source, "MaxSessions"));
    return decide_conflict(claim, slots, now);
}

/// No slot is free. Superseding needs every holder that has to make room to be able to go.
Verdict Registry::decide_conflict(const Claim& claim, const std::vector<Slot>& slots, const Now& now) const {
    const Rules& rules = claim.ruling.rules;
    Verdict verdict{Decision::refuse, Because::occupied, std::nullopt,
                    rule_text(rules.on_conflict.source, "OnConflict")};
    if (!slots.empty())
        verdict.holder = slots.front().holders.front()->full();
    if (rules.on_conflict.value == OnConflict::refuse || rules.max_sessions.value < 1)
        return verdict;

    const auto room = who_makes_room(slots, rules.max_sessions.value);
    for (const Slot& slot : room) {
        for (const LiveSession* const holder : slot.holders) {
            if (const auto in_the_way = obstacle(claim, *holder)) {
                verdict.because = *in_the_way;
                verdict.holder = holder->full();
                return verdict;
            }
        }
    }
    if (std::ranges::all_of(room, &Slot::is_going)) { // nobody loses a session
        verdict.decision = Decision::supersede;
        return verdict;
    }
    const Contest& contest = affairs_of(claim.account.name).contest;
    if (contest.is_held(now)) {
        verdict.because = Because::contest_hold;
        verdict.rule = rule_text(rules.contest_hold.source, "ContestHold");
    } else if (contest.is_full(now, rules)) {
        verdict.because = Because::contest;
        verdict.rule = rule_text(rules.contest_limit.source, "ContestLimit");
    } else if (rules.on_conflict.value == OnConflict::supersede || claim.consent == Consent::given) {
        verdict.decision = Decision::supersede;
    } else if (claim.consent == Consent::unasked || !rules.enforce.value) { // in a trial nobody was asked
        verdict.decision = Decision::ask;
    }
    return verdict;
}

/// What keeps a holder from being superseded by this claim.
std::optional<Because> Registry::obstacle(const Claim& claim, const LiveSession& holder) const {
    if (holder.is_stuck)
        return Because::not_gone;
    const bool is_own = holder.has_leader() && holder.leader == claim.leader;
    if (is_own || (holder.has_leader() && live_.led_by(holder.leader).size() > 1))
        return Because::shared_leader;
    return std::nullopt;
}

bool Registry::Slot::is_going() const {
    return std::ranges::all_of(
        holders, [](const LiveSession* holder) { return holder->is_ending() && !holder->is_stuck; });
}

/// The slots that have to become free before a login with this limit finds one: first those that are going
/// anyway, so that nobody loses a session to make room that comes about by itself, then the oldest.
std::vector<Registry::Slot> Registry::who_makes_room(std::vector<Slot> slots, int limit) {
    std::ranges::stable_partition(slots, &Slot::is_going);
    slots.resize(slots.size() - static_cast<std::size_t>(limit) + 1);
    return slots;
}

/// The slot of a device that has a session already, where sessions of one origin count once. A session that
/// is ending keeps its slot from others but is no company any more.
const Registry::Slot* Registry::find_shareable(const Rules& rules, const protocol::Origin& origin,
                                               const std::vector<Slot>& slots) {
    if (rules.count_by.value != CountBy::origin)
        return nullptr;
    const auto is_company = [&](const LiveSession* holder) {
        return !holder->is_ending() && is_same_origin(holder->origin(), origin);
    };
    const auto found = std::ranges::find_if(
        slots, [&](const Slot& slot) { return std::ranges::any_of(slot.holders, is_company); });
    return found == slots.end() ? nullptr : &*found;
}

std::vector<Registry::Slot> Registry::slots_of(const std::string& account) const {
    std::vector<Slot> slots;
    for (const LiveSession* const holder : live_.holders_of(account)) {
        auto slot = std::ranges::find(slots, *holder->slot, &Slot::number);
        if (slot == slots.end())
            slot = slots.insert(slot, Slot{*holder->slot, {}});
        slot->holders.push_back(holder);
    }
    return slots;
}

int Registry::lowest_free_slot(const std::vector<Slot>& slots) {
    int number = 0;
    while (std::ranges::find(slots, number, &Slot::number) != slots.end())
        ++number;
    return number;
}

/// The session that this very claim was granted before its answer was lost.
const LiveSession* Registry::find_retried(const Claim& claim) const {
    if (claim.lease)
        return nullptr;
    const auto led = live_.led_by(claim.leader);
    const auto found = std::ranges::find_if(led, [&](const LiveSession* session) {
        return session->nonce() == claim.nonce && session->account() == claim.account.name &&
               !session->is_ending();
    });
    return found == led.end() ? nullptr : *found;
}

const Registry::Affairs& Registry::affairs_of(const std::string& account) const {
    static const Affairs none;
    const auto found = affairs_.find(account);
    return found == affairs_.end() ? none : found->second;
}

} // namespace solo
