// SPDX-License-Identifier: MIT
// What the registry should do, as plainly as it can be said: lists, searched from the front.
#pragma once

#include "tests/property/logins.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace solo::testing {

class RegistryModel {
public:
    /// A session that is not over.
    struct Held {
        Login login;
        State state = State::opening;
        Reason reason = Reason::logout; ///< why it is ending
        int device = 0;                 ///< the first login of those that share its slot; 0 where it has none
        std::int64_t expires = never;
        std::int64_t lapses = never;
        bool is_stuck = false;
        bool is_line_closed = false;
        bool was_due = false; ///< the timer has seen that it reached its time

        [[nodiscard]] bool has_slot() const { return device != 0; }
        [[nodiscard]] std::int64_t deadline() const { return std::min(expires, lapses); }
    };

    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
    static constexpr std::int64_t second = 1'000'000;

    std::int64_t now = 0; ///< of the boot clock; the caller says it before each event

    std::list<Held> held;     ///< oldest first
    std::list<Login> waiting; ///< in the order in which they came

    // What came of the last event, each in its order: "login 2: refuse, occupied", "s1 superseded".
    std::vector<std::string> answers;
    std::vector<std::string> begun; ///< to be ended
    std::vector<std::string> over;
    std::vector<std::string> contests;

    void open(const Login& login) {
        const std::string outcome = outcome_of(login);
        const bool is_waited_for =
            std::ranges::any_of(waiting, [&](const Login& other) { return other.account == login.account; });
        if (outcome.empty() || (outcome == "grant, free slot" && is_waited_for)) {
            waiting.push_back(login);
            serve(login.account);
        } else {
            settle(login, outcome);
        }
    }

    void abandon(int number) {
        const auto found = std::ranges::find(waiting, number, &Login::number);
        if (found == waiting.end())
            return;
        const std::string account = found->account;
        waiting.erase(found);
        serve(account);
    }

    void confirm(int number) {
        if (Held* const session = find(number); session != nullptr && session->state == State::opening)
            session->state = State::active;
    }

    void close(int number) {
        if (const Held* const session = find(number); session != nullptr && session->state != State::ending)
            finish(number, Reason::logout);
    }

    void line_closed(int number) {
        Held* const session = find(number);
        if (session == nullptr)
            return;
        session->is_line_closed = true;
        if (session->state == State::opening)
            finish(number, Reason::unconfirmed);
    }

    void leader_exited(int number) {
        Held* const session = find(number);
        if (session == nullptr || session->state == State::ending)
            return;
        const bool is_over =
            session->is_line_closed || session->login.on_leader_exit == OnLeaderExit::release;
        const Reason reason = session->state == State::opening ? Reason::unconfirmed : Reason::leader_exited;
        is_over ? finish(number, reason) : begin_ending(*session, reason);
    }

    void end(int number, Reason reason) {
        if (Held* const session = find(number); session != nullptr && session->state != State::ending)
            begin_ending(*session, reason);
    }

    void gone(int number) {
        if (const Held* const session = find(number); session != nullptr && session->state == State::ending)
            finish(number, session->reason);
    }

    void stuck(int number) {
        Held* const session = find(number);
        if (session == nullptr || session->state != State::ending)
            return;
        session->is_stuck = true;
        serve(std::string{session->login.account});
    }

    /// The timer: everything that has reached its time ends, the earliest first.
    void tick() {
        std::vector<std::pair<std::int64_t, int>> due;
        for (const Held& session : held) {
            if (session.deadline() <= now && !session.was_due)
                due.emplace_back(session.deadline(), session.login.number);
        }
        std::ranges::sort(due);
        for (const auto& [deadline, number] : due) {
            Held* const session = find(number);
            if (session == nullptr)
                continue;
            session->was_due = true;
            if (session->state == State::ending)
                continue;
            if (session->login.ttl) {
                finish(number, session->lapses <= session->expires ? Reason::lease_lapsed : Reason::expired);
            } else {
                expire(leader(session->login));
            }
        }
    }

    /// Whether it could be renewed.
    bool renew(int number) {
        Held* const session = find(number);
        if (session == nullptr || !session->login.ttl || session->state != State::active ||
            session->deadline() <= now)
            return false;
        session->lapses = now + *session->login.ttl * second;
        return true;
    }

    bool unlock(const std::string& account) {
        const bool was_shut = locked.contains(account) || is_held(account);
        locked.erase(account);
        if (was_shut) {
            supersedings.erase(account);
            held_until.erase(account);
            serve(account);
        }
        return was_shut;
    }

    /// The daemon dies and starts again with the records in the order of their ids; whoever waited is gone.
    void restart(const std::function<Survival(int)>& survival_of) {
        waiting.clear();
        supersedings.clear();
        held_until.clear();
        held.sort([](const Held& one, const Held& other) { return one.login.number < other.login.number; });
        const std::list<Held> before = held;
        for (const Held& old : before) {
            Held& session = *find(old.login.number);
            const Survival survival = survival_of(old.login.number);
            const bool was_ending = old.state == State::ending;
            const bool lets_go = !was_ending && old.login.on_leader_exit == OnLeaderExit::release;
            session.state = State::active;
            session.is_stuck = session.is_line_closed = session.was_due = false;
            if (survival == Survival::nothing || (survival == Survival::remains && lets_go)) {
                finish(old.login.number, was_ending ? old.reason : Reason::lost);
            } else if (was_ending || survival == Survival::remains) {
                begin_ending(session, was_ending ? old.reason : Reason::lost);
            }
        }
    }

    Held* find(int number) {
        const auto found =
            std::ranges::find_if(held, [&](const Held& session) { return session.login.number == number; });
        return found == held.end() ? nullptr : &*found;
    }

    std::set<std::string> locked; ///< accounts

private:
    std::map<std::string, std::vector<std::int64_t>> supersedings; ///< when, by account
    std::map<std::string, std::int64_t> held_until;

    bool is_held(const std::string& account) {
        return held_until.contains(account) && now < held_until.at(account);
    }

    /// Where so many supersedings are borne within a minute.
    bool is_full(const Login& login) {
        return std::ranges::count_if(supersedings[login.account], [&](std::int64_t when) {
                   return when > now - 60 * second;
               }) >= login.contest_limit;
    }

    static int host(const Login& login) { return login.host.value_or(login.number); }
    static int leader(const Login& login) { return login.leader.value_or(login.number); }
    static int nonce(const Login& login) { return login.nonce.value_or(login.number); }

    /// "" where it has to wait.
    std::string outcome_of(const Login& login) {
        if (login.kind == Ruling::Kind::ignored)
            return "ignore, not a login";
        if (find_same(login) != nullptr)
            return "grant, retried";
        if (login.kind == Ruling::Kind::exempt)
            return "grant, exempt";
        const Held* const outer = login.inside ? find(*login.inside) : nullptr;
        if (outer != nullptr && outer->state == State::active && outer->login.account == login.account)
            return "grant, joined";
        const std::string outcome = outcome_of_slots(login);
        return outcome.starts_with("grant") || login.enforce ? outcome : "grant, trial";
    }

    std::string outcome_of_slots(const Login& login) {
        if (locked.contains(login.account))
            return "refuse, locked";
        if (company_of(login) != 0)
            return "grant, same origin";
        if (static_cast<int>(devices_of(login.account).size()) < login.max_sessions)
            return "grant, free slot";
        if (login.on_conflict == OnConflict::refuse)
            return "refuse, occupied";
        const std::vector<Held*> leaving = to_go(login);
        for (const Held* const holder : leaving) {
            if (holder->is_stuck)
                return "refuse, not gone";
            const bool has_leader = !holder->login.ttl;
            const bool is_own = !login.ttl && leader(holder->login) == leader(login);
            if (has_leader && (is_own || led_by(leader(holder->login)).size() > 1))
                return "refuse, shared leader";
        }
        if (std::ranges::all_of(leaving, [](const Held* one) { return one->state == State::ending; }))
            return "";
        if (is_held(login.account))
            return "refuse, contest hold";
        if (is_full(login))
            return "refuse, contest";
        const bool may = login.on_conflict == OnConflict::supersede || login.consent == Consent::given;
        return may ? "" : "refuse, occupied";
    }

    void settle(const Login& login, const std::string& outcome) {
        Held* const same = find_same(login);
        std::string session;
        if (outcome == "grant, retried") {
            same->is_line_closed = false;
            session = ", s" + std::to_string(same->login.number);
        } else if (outcome == "grant, same origin") {
            hold(login, company_of(login));
            session = ", s" + std::to_string(login.number);
        } else if (outcome == "grant, free slot" || outcome == "grant, exempt" || outcome == "grant, trial") {
            hold(login, outcome == "grant, free slot" ? login.number : 0);
            session = ", s" + std::to_string(login.number);
        } else if (outcome == "refuse, contest") {
            contest(login);
        }
        answers.push_back("login " + std::to_string(login.number) + ": " + outcome + session);
    }

    void hold(const Login& login, int device) {
        Held session{.login = login, .device = device};
        if (login.lifetime && login.enforce)
            session.expires = now + *login.lifetime * second;
        if (login.ttl) {
            session.state = State::active;
            session.lapses = now + *login.ttl * second;
        }
        held.push_back(session);
    }

    void contest(const Login& login) {
        const bool locks = login.contest_action == ContestAction::lock;
        contests.push_back("contest: " + login.account + (locks ? ", lock" : ", refuse"));
        supersedings.erase(login.account);
        held_until[login.account] = now + 300 * second;
        if (!locks)
            return;
        locked.insert(login.account);
        for (Held& session : held) {
            const auto is_own = [&](const Held* led) { return led->login.account == login.account; };
            const bool goes = session.login.ttl || std::ranges::all_of(led_by(leader(session.login)), is_own);
            if (session.has_slot() && session.login.account == login.account && goes &&
                session.state != State::ending)
                begin_ending(session, Reason::terminated);
        }
    }

    /// One process ends for all its sessions, or for none.
    void expire(int led) {
        if (std::ranges::any_of(led_by(led), [&](const Held* one) { return one->deadline() > now; }))
            return;
        for (Held* const session : led_by(led)) {
            if (session->state != State::ending)
                begin_ending(*session, Reason::expired);
        }
    }

    void serve(const std::string& account) {
        for (;;) {
            const auto first = std::ranges::find(waiting, account, &Login::account);
            if (first == waiting.end())
                return;
            const Login login = *first;
            const std::string outcome = outcome_of(login);
            if (outcome.empty()) {
                const std::size_t before = begun.size();
                for (Held* const holder : to_go(login)) {
                    if (holder->state != State::ending)
                        begin_ending(*holder, Reason::superseded);
                }
                if (begun.size() != before)
                    supersedings[account].push_back(now);
                return;
            }
            waiting.erase(first);
            settle(login, outcome);
        }
    }

    void begin_ending(Held& session, Reason reason) {
        session.state = State::ending;
        session.reason = reason;
        begun.push_back("s" + std::to_string(session.login.number) + " " + name(reason));
    }

    void finish(int number, Reason reason) {
        const Login login = find(number)->login;
        held.remove_if([&](const Held& session) { return session.login.number == number; });
        over.push_back("s" + std::to_string(number) + " " + name(reason));
        for (Held* const left : login.ttl ? std::vector<Held*>{} : led_by(leader(login)))
            left->was_due = false;
        serve(login.account);
    }

    Held* find_same(const Login& login) {
        if (login.ttl)
            return nullptr;
        for (Held& session : held) {
            if (!session.login.ttl && session.state != State::ending &&
                leader(session.login) == leader(login) && nonce(session.login) == nonce(login) &&
                session.login.account == login.account)
                return &session;
        }
        return nullptr;
    }

    /// What holds the account's slots, the longest there first.
    std::vector<int> devices_of(const std::string& account) {
        std::vector<int> devices;
        for (const Held& session : held) {
            if (session.has_slot() && session.login.account == account &&
                std::ranges::find(devices, session.device) == devices.end())
                devices.push_back(session.device);
        }
        return devices;
    }

    std::vector<Held*> sessions_of(int device) {
        std::vector<Held*> sessions;
        for (Held& session : held) {
            if (session.device == device)
                sessions.push_back(&session);
        }
        return sessions;
    }

    /// The device whose slot the login shares; 0 for none.
    int company_of(const Login& login) {
        if (login.count_by != CountBy::origin)
            return 0;
        for (const int device : devices_of(login.account)) {
            for (const Held* const session : sessions_of(device)) {
                if (session->state != State::ending && host(session->login) == host(login))
                    return device;
            }
        }
        return 0;
    }

    /// The sessions that have to go for this login: those of the devices that are going already, then of the
    /// oldest.
    std::vector<Held*> to_go(const Login& login) {
        const std::vector<int> devices = devices_of(login.account);
        std::vector<int> chosen;
        for (const bool are_going : {true, false}) {
            for (const int device : devices) {
                const auto is_going = [](const Held* one) {
                    return one->state == State::ending && !one->is_stuck;
                };
                if (std::ranges::all_of(sessions_of(device), is_going) == are_going)
                    chosen.push_back(device);
            }
        }
        chosen.resize(devices.size() + 1 - static_cast<std::size_t>(login.max_sessions));
        std::vector<Held*> sessions;
        for (const int device : chosen)
            std::ranges::copy(sessions_of(device), std::back_inserter(sessions));
        return sessions;
    }

    std::vector<Held*> led_by(int number) {
        std::vector<Held*> led;
        for (Held& session : held) {
            if (!session.login.ttl && leader(session.login) == number)
                led.push_back(&session);
        }
        std::ranges::sort(led, {}, [](const Held* one) { return one->login.number; });
        return led;
    }
};

} // namespace solo::testing
