// SPDX-License-Identifier: MIT
// What the world around the registry sees: the database, those who wait for an answer, and who ends sessions.
// It knows nothing of how the registry decides, only what must be true of its effects, one by one in their
// order.
#pragma once

#include "tests/property/logins.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <variant>

namespace solo::testing {

class RegistryLedger {
public:
    std::map<SessionId, Session> stored; ///< the last record of each session

    /// A login asks now; its answer may come at once or later.
    void asks(const Login& login) {
        asked_[login.number] = login;
        asking_ = login.number;
    }

    void goes_away(int number) {
        late_.remove(number);
        answered_.insert(number);
    }

    /// The daemon has died; whoever waited gets no answer any more.
    void restarts() {
        for (const int number : late_)
            answered_.insert(number);
        late_.clear();
        begun_.clear();
    }

    /// What an event of this account, or of all in a restart, has caused. Throws where that must not be.
    void take(const Effects& effects, const std::optional<std::string>& account) {
        for (const Effect& effect : effects)
            std::visit([&](const auto& one) { check(one, account); }, effect);
        if (asking_ != 0 && !answered_.contains(asking_))
            late_.push_back(asking_);
        asking_ = 0;
        for (const auto& [id, session] : stored) {
            demand(session.state != State::ending || begun_.contains(id),
                   text(id) + " is being ended by nobody");
        }
    }

    [[nodiscard]] bool is_anyone_waiting() const { return !late_.empty(); }

private:
    static void demand(bool is_so, const std::string& otherwise) {
        if (!is_so)
            throw std::logic_error(otherwise);
    }

    void check(const Record& record, const std::optional<std::string>& account) {
        const Session& now = record.session;
        demand(!account || now.account == *account, text(record) + ": is of another account");
        const auto before = stored.find(now.id);
        if (before == stored.end()) {
            check_new(now);
        } else {
            check_change(before->second, now);
        }
        const bool is_leaving = now.state == State::ending || now.state == State::ended;
        demand(now.reason.has_value() == is_leaving, text(record) + ": has a reason exactly while it ends");
        demand(now.ended.has_value() == now.is_ended(), text(record) + ": has a time exactly when it ended");
        stored[now.id] = now;
        check_slots(now);
    }

    void check_new(const Session& now) {
        const auto login = asked_.find(number_of(now.id));
        demand(login != asked_.end() && !answered_.contains(login->first),
               text(now.id) + " was not asked for");
        demand(now.state == State::opening, text(now.id) + " is new and not opening");
    }

    void check_change(const Session& before, const Session& now) const {
        demand(!before.is_ended(), text(now.id) + " has ended once already");
        demand(before.state <= now.state, text(now.id) + " went back from " + name(before.state));
        demand(before.account == now.account && before.slot == now.slot && before.nonce == now.nonce &&
                   before.leader == now.leader && before.opened == now.opened,
               text(now.id) + " has changed what never changes");
        demand(before.reason == now.reason || !before.reason, text(now.id) + " has changed its reason");
        const bool is_waited_for = std::ranges::any_of(
            late_, [&](int waiting) { return asked_.at(waiting).account == now.account; });
        const bool has_made_room = now.is_ended() && now.reason == Reason::superseded && is_waited_for;
        demand(now.superseded_by.has_value() == has_made_room, text(now.id) + " does not name its successor");
        if (now.superseded_by) {
            const int successor = number_of(*now.superseded_by);
            demand(asked_.at(successor).account == now.account && !answered_.contains(successor),
                   text(now.id) + " ended after its successor's answer");
        }
    }

    /// The database's unique index over (account, slot), and the limit of the login that was granted.
    void check_slots(const Session& now) const {
        int held = 0;
        for (const auto& [id, other] : stored) {
            if (other.is_ended() || !other.slot || other.account != now.account)
                continue;
            ++held;
            demand(id == now.id || other.slot != now.slot,
                   text(now.id) + " and " + text(id) + " share a slot");
        }
        const bool is_granted = now.state == State::opening && now.slot;
        demand(!is_granted || held <= asked_.at(number_of(now.id)).max_sessions,
               text(now.id) + " is one too many");
    }

    void check(const Answer& answer, const std::optional<std::string>& account) {
        using Because = Verdict::Because;
        const int number = static_cast<int>(answer.request);
        const auto login = asked_.find(number);
        demand(login != asked_.end() && !answered_.contains(number), text(answer) + ": nobody waits for it");
        demand(!account || login->second.account == *account, text(answer) + ": is of another account");
        const Verdict& verdict = answer.verdict;
        const bool is_grant = verdict.decision == protocol::Decision::grant;
        const bool is_tracked = is_grant && verdict.because != Because::joined;
        demand(is_grant || verdict.decision == protocol::Decision::refuse ||
                   verdict.decision == protocol::Decision::ignore,
               text(answer) + ": decides nothing");
        demand(answer.id.has_value() == is_tracked, text(answer) + ": names no session, or one too many");
        if (answer.id) {
            const auto session = stored.find(*answer.id);
            demand(session != stored.end() && session->second.state <= State::active,
                   text(answer) + ": comes before its record");
            demand(session->second.account == login->second.account,
                   text(answer) + ": gives a session of another account");
            demand((number_of(*answer.id) == number) == (verdict.because != Because::retried),
                   text(answer) + ": gives the session of another login");
        }
        check_order(answer);
        late_.remove(number);
        answered_.insert(number);
    }

    /// Who waits is answered in order, and nobody overtakes them to a slot.
    void check_order(const Answer& answer) const {
        const int number = static_cast<int>(answer.request);
        const std::string& account = asked_.at(number).account;
        const auto first =
            std::ranges::find_if(late_, [&](int waiting) { return asked_.at(waiting).account == account; });
        const bool takes_slot = answer.verdict.because == Verdict::Because::free_slot;
        if (first != late_.end() && *first != number)
            demand(number == asking_ && !takes_slot, text(answer) + ": out of turn");
    }

    void check(const RecordNote& /*note*/, const std::optional<std::string>& /*account*/) {}
    void check(const Contested& /*contest*/, const std::optional<std::string>& /*account*/) {}

    void check(const BeginEnding& ending, const std::optional<std::string>& account) {
        const SessionId id = ending.session.id;
        demand(!account || ending.session.account == *account, text(ending) + ": is of another account");
        demand(stored.contains(id) && stored.at(id).state == State::ending,
               text(ending) + ": comes before its record");
        demand(begun_.insert(id).second, text(ending) + ": is being ended already");
        const bool is_superseded = ending.session.reason == Reason::superseded;
        demand(!ending.successor || is_superseded, text(ending) + ": has a successor for no reason");
    }

    std::map<int, Login> asked_;
    std::set<int> answered_; ///< or gone away
    std::list<int> late_;    ///< whose answer did not come at once, in the order in which they asked
    int asking_ = 0;         ///< the login whose event this is, 0 for none
    std::set<SessionId> begun_;
};

} // namespace solo::testing
