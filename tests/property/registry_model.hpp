// SPDX-License-Identifier: MIT
// What the registry should do, as plainly as it can be said: two lists, searched from the front.
#pragma once

#include "tests/property/logins.hpp"

#include <algorithm>
#include <functional>
#include <list>
#include <string>
#include <vector>

namespace solo::testing {

class RegistryModel {
public:
    /// A session that is not over.
    struct Held {
        Login login;
        State state = State::opening;
        Reason reason = Reason::logout; ///< why it is ending
        bool has_slot = false;
        bool is_stuck = false;
        bool is_line_closed = false;
    };

    std::list<Held> held;     ///< oldest first
    std::list<Login> waiting; ///< in the order in which they came

    // What came of the last event, each in its order: "login 2: refuse, occupied", "s1 superseded".
    std::vector<std::string> answers;
    std::vector<std::string> begun; ///< to be ended
    std::vector<std::string> over;

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

    /// The daemon dies and starts again with the records in the order of their ids; whoever waited is gone.
    void restart(const std::function<Survival(int)>& survival_of) {
        waiting.clear();
        held.sort([](const Held& one, const Held& other) { return one.login.number < other.login.number; });
        const std::list<Held> before = held;
        for (const Held& old : before) {
            Held& session = *find(old.login.number);
            const Survival survival = survival_of(old.login.number);
            const bool was_ending = old.state == State::ending;
            const bool lets_go = !was_ending && old.login.on_leader_exit == OnLeaderExit::release;
            session.state = State::active;
            session.is_stuck = session.is_line_closed = false;
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

private:
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
        const std::vector<Held*> holders = holders_of(login.account);
        if (static_cast<int>(holders.size()) < login.max_sessions)
            return "grant, free slot";
        if (!login.enforce)
            return "grant, trial";
        if (login.on_conflict == OnConflict::refuse)
            return "refuse, occupied";
        for (const Held* const holder : to_go(login)) {
            if (holder->is_stuck)
                return "refuse, not gone";
            if (leader(holder->login) == leader(login) || led_by(leader(holder->login)) > 1)
                return "refuse, shared leader";
        }
        return "";
    }

    void settle(const Login& login, const std::string& outcome) {
        Held* const same = find_same(login);
        std::string session;
        if (outcome == "grant, retried") {
            same->is_line_closed = false;
            session = ", s" + std::to_string(same->login.number);
        } else if (outcome == "grant, free slot" || outcome == "grant, exempt" || outcome == "grant, trial") {
            held.push_back({.login = login, .has_slot = outcome == "grant, free slot"});
            session = ", s" + std::to_string(login.number);
        }
        answers.push_back("login " + std::to_string(login.number) + ": " + outcome + session);
    }

    void serve(const std::string& account) {
        for (;;) {
            const auto first = std::ranges::find(waiting, account, &Login::account);
            if (first == waiting.end())
                return;
            const Login login = *first;
            const std::string outcome = outcome_of(login);
            if (outcome.empty()) {
                for (Held* const holder : to_go(login)) {
                    if (holder->state != State::ending)
                        begin_ending(*holder, Reason::superseded);
                }
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
        const std::string account = find(number)->login.account;
        held.remove_if([&](const Held& session) { return session.login.number == number; });
        over.push_back("s" + std::to_string(number) + " " + name(reason));
        serve(account);
    }

    Held* find_same(const Login& login) {
        for (Held& session : held) {
            if (session.state != State::ending && leader(session.login) == leader(login) &&
                nonce(session.login) == nonce(login) && session.login.account == login.account)
                return &session;
        }
        return nullptr;
    }

    std::vector<Held*> holders_of(const std::string& account) {
        std::vector<Held*> holders;
        for (Held& session : held) {
            if (session.has_slot && session.login.account == account)
                holders.push_back(&session);
        }
        return holders;
    }

    /// The holders that have to go for this login: those that are going already, then the oldest.
    std::vector<Held*> to_go(const Login& login) {
        const std::vector<Held*> holders = holders_of(login.account);
        std::vector<Held*> chosen;
        for (const bool are_going : {true, false}) {
            for (Held* const holder : holders) {
                if ((holder->state == State::ending && !holder->is_stuck) == are_going)
                    chosen.push_back(holder);
            }
        }
        chosen.resize(holders.size() + 1 - static_cast<std::size_t>(login.max_sessions));
        return chosen;
    }

    long led_by(int number) {
        return std::ranges::count_if(held,
                                     [&](const Held& session) { return leader(session.login) == number; });
    }
};

} // namespace solo::testing
