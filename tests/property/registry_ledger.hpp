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
    std::map<SessionId, Session> stored;      ///< the last record of each session
    std::map<SessionId, Session> on_disk;     ///< the last one that could not wait
    std::map<std::string, AccountNote> notes; ///< the last note of each account, unless it was empty

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
        owed_.clear();
        superseded_.clear();
        for (auto& [account, superseding] : latest_)
            superseding.telling = 0;
    }

    void unlocks(const std::string& account) { locked_.erase(account); }

    /// What an event of this account, or of all in a restart, has caused. Throws where that must not be.
    void take(const Effects& effects, const std::optional<std::string>& account) {
        for (const Effect& effect : effects)
            std::visit([&](const auto& one) { check(one, account); }, effect);
        if (asking_ != 0 && !answered_.contains(asking_))
            late_.push_back(asking_);
        asking_ = 0;
        check_notes();
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
        const bool is_new = before == stored.end();
        stored[now.id] = now;
        if (!record.can_wait)
            on_disk[now.id] = now;
        check_slots(now, is_new);
        hear(now);
    }

    /// Whoever is being told has heard it when their login is complete.
    void hear(const Session& now) {
        Superseding& latest = latest_[now.account];
        if (latest.telling != number_of(now.id))
            return;
        if (now.state == State::active || (now.is_ended() && now.reason == Reason::logout))
            latest = {};
        else if (now.is_ended())
            latest.telling = 0;
    }

    /// What is on record is what somebody has still to be told, and who is locked.
    void check_notes() const {
        for (const auto& [account, latest] : latest_) {
            const auto note = notes.find(account);
            const bool is_noted = note != notes.end() && note->second.superseded;
            demand(is_noted == (latest.by != 0),
                   account + ": another superseding is on record than there was");
            demand(!is_noted || note->second.superseded->by.rhost == host_of(latest.by),
                   account + ": another login is on record than the one that superseded");
        }
        for (const auto& [account, note] : notes)
            demand(note.locked.has_value() == locked_.contains(account), account + ": is locked or not?");
        for (const std::string& account : locked_)
            demand(notes.contains(account), account + ": is locked and nobody will remember");
    }

    void check_new(const Session& now) {
        const auto login = asked_.find(number_of(now.id));
        demand(login != asked_.end() && !answered_.contains(login->first),
               text(now.id) + " was not asked for");
        demand(now.state == (now.lease ? State::active : State::opening),
               text(now.id) + " is new and not opening");
    }

    void check_change(const Session& before, const Session& now) {
        demand(!before.is_ended(), text(now.id) + " has ended once already");
        demand(before.state <= now.state, text(now.id) + " went back from " + name(before.state));
        demand(before.account == now.account && before.slot == now.slot && before.nonce == now.nonce &&
                   before.leader == now.leader && before.opened == now.opened && before.share == now.share &&
                   before.expires == now.expires && before.lease.has_value() == now.lease.has_value(),
               text(now.id) + " has changed what never changes");
        demand(!now.lease || before.lease->lapses <= now.lease->lapses,
               text(now.id) + " lapses earlier than was said");
        demand(before.reason == now.reason || !before.reason, text(now.id) + " has changed its reason");
        const bool is_waited_for = std::ranges::any_of(
            late_, [&](int waiting) { return asked_.at(waiting).account == now.account; });
        const bool has_made_room = now.is_ended() && now.reason == Reason::superseded && is_waited_for;
        demand(now.superseded_by.has_value() == has_made_room, text(now.id) + " does not name its successor");
        if (now.superseded_by) {
            const int successor = number_of(*now.superseded_by);
            demand(asked_.at(successor).account == now.account && !answered_.contains(successor),
                   text(now.id) + " ended after its successor's answer");
            superseded_[successor] = now.id;
        }
    }

    /// The database's unique index over (account, slot, share), and the limit of the login that was granted.
    void check_slots(const Session& now, bool is_new) const {
        std::set<int> held;
        bool has_company = false;
        bool is_alone = true;
        for (const auto& [id, other] : stored) {
            if (other.is_ended() || !other.slot || other.account != now.account)
                continue;
            held.insert(*other.slot);
            if (id == now.id || other.slot != now.slot)
                continue;
            demand(other.share != now.share, text(now.id) + " and " + text(id) + " have one place");
            is_alone = false;
            has_company |= other.state != State::ending && other.origin.rhost == now.origin.rhost;
        }
        if (!is_new || !now.slot)
            return;
        const Login& login = asked_.at(number_of(now.id));
        demand(!locked_.contains(now.account), text(now.id) + " is let in though the account is locked");
        demand(is_alone || (has_company && login.count_by == CountBy::origin),
               text(now.id) + " shares the slot of a stranger");
        demand(!is_alone || static_cast<int>(held.size()) <= login.max_sessions,
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
        check_told(answer, is_tracked && verdict.because != Because::retried);
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

    /// Who gets a session is told of those that ended for it, and one of those who get a slot of the
    /// superseding that nobody has been told of.
    void check_told(const Answer& answer, bool is_new) {
        const int number = static_cast<int>(answer.request);
        const auto ended = superseded_.find(number);
        const bool names_one = is_new && ended != superseded_.end();
        demand(answer.superseded.has_value() == names_one &&
                   (!names_one || answer.superseded->id == ended->second),
               text(answer) + ": names another session as superseded");
        int before = 0;
        Superseding& latest = latest_[asked_.at(number).account];
        if (is_new && owed_.contains(number)) {
            before = owed_.at(number);
        } else if (is_new && answer.verdict.because == Verdict::Because::free_slot && latest.telling == 0) {
            before = latest.by;
            latest.telling = before != 0 ? number : 0;
            if (stored.at(*answer.id).lease) // nobody confirms it
                latest = {};
        }
        const auto& told = answer.superseded_before;
        demand(told.has_value() == (before != 0) && (before == 0 || told->by.rhost == host_of(before)),
               text(answer) + ": is told of another superseding, or of none");
    }

    void check(const RecordNote& record, const std::optional<std::string>& account) {
        demand(!account || record.note.account == *account, text(record) + ": is of another account");
        notes[record.note.account] = record.note;
        if (record.note.is_empty())
            notes.erase(record.note.account);
    }

    void check(const Contested& contest, const std::optional<std::string>& account) {
        demand(!account || contest.account == *account, text(contest) + ": is of another account");
        if (contest.action == ContestAction::lock)
            locked_.insert(contest.account);
    }

    void check(const BeginEnding& ending, const std::optional<std::string>& account) {
        const SessionId id = ending.session.id;
        demand(!account || ending.session.account == *account, text(ending) + ": is of another account");
        demand(stored.contains(id) && stored.at(id).state == State::ending,
               text(ending) + ": comes before its record");
        demand(begun_.insert(id).second, text(ending) + ": is being ended already");
        const bool is_superseded = ending.session.reason == Reason::superseded;
        demand(!ending.successor || is_superseded, text(ending) + ": has a successor for no reason");
        if (ending.successor)
            supersede(ending.session.account);
    }

    /// The first login of the account that waits, or the one that asks, supersedes.
    void supersede(const std::string& account) {
        const auto first =
            std::ranges::find_if(late_, [&](int waiting) { return asked_.at(waiting).account == account; });
        const int by = first != late_.end() ? *first : asking_;
        Superseding& latest = latest_[account];
        owed_.try_emplace(by, latest.telling == 0 ? latest.by : 0);
        latest = {.by = by};
    }

    [[nodiscard]] std::string host_of(int number) const {
        return "host" + std::to_string(asked_.at(number).host.value_or(number));
    }

    /// The last superseding of an account, until somebody has been told of it.
    struct Superseding {
        int by = 0;      ///< a login, 0 for none
        int telling = 0; ///< the login that is told of it and that is not complete yet
    };

    std::map<std::string, Superseding> latest_;
    std::map<int, int> owed_;             ///< what a login that supersedes has to be told of the time before
    std::map<int, SessionId> superseded_; ///< the last session that ended for a login
    std::set<std::string> locked_;

    std::map<int, Login> asked_;
    std::set<int> answered_; ///< or gone away
    std::list<int> late_;    ///< whose answer did not come at once, in the order in which they asked
    int asking_ = 0;         ///< the login whose event this is, 0 for none
    std::set<SessionId> begun_;
};

} // namespace solo::testing
