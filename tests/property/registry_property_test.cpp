// SPDX-License-Identifier: MIT
// Random logins, events and restarts: the registry does what the model says, and its effects are such that
// the world around it can carry them out (registry_ledger.hpp).
#include "daemon/core/registry.hpp"
#include "tests/property/logins.hpp"
#include "tests/property/registry_ledger.hpp"
#include "tests/property/registry_model.hpp"
#include "tests/support/cmocka.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <rapidcheck.h>

namespace {

using namespace solo;
using namespace solo::testing;

enum class Kind : std::uint8_t {
    open,
    retry,
    confirm,
    close,
    line_closed,
    leader_exited,
    end,
    gone,
    stuck,
    abandon,
    restart,
    pass,
    jump,
    timer,
    renew,
    unlock,
};

/// One event. Numbers choose from what there is when it comes, so that every sequence of steps makes sense.
struct Step {
    Kind kind = Kind::open;
    int account = 0;
    int limit = 1;
    int roll = 0; ///< what is special about a login, or about what survives a restart
    int pick = 0; ///< which session or login it is about
    int kin = 0;  ///< what else is special about a login: where it comes from, its times, its contests
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
    constexpr auto names = std::to_array<std::string_view>(
        {"open", "retry", "confirm", "close", "line_closed", "leader_exited", "end", "gone", "stuck",
         "abandon", "restart", "pass", "jump", "timer", "renew", "unlock"});
    return out << names.at(static_cast<std::size_t>(step.kind)) << " account " << step.account << " limit "
               << step.limit << " roll " << step.roll << " pick " << step.pick << " kin " << step.kin;
}

rc::Gen<Step> any_step() {
    using namespace rc;
    return gen::build<Step>(gen::set(&Step::kind, gen::weightedElement<Kind>({{30, Kind::open},
                                                                              {4, Kind::retry},
                                                                              {12, Kind::confirm},
                                                                              {6, Kind::close},
                                                                              {6, Kind::line_closed},
                                                                              {6, Kind::leader_exited},
                                                                              {4, Kind::end},
                                                                              {14, Kind::gone},
                                                                              {3, Kind::stuck},
                                                                              {4, Kind::abandon},
                                                                              {1, Kind::restart},
                                                                              {6, Kind::pass},
                                                                              {1, Kind::jump},
                                                                              {3, Kind::timer},
                                                                              {4, Kind::renew},
                                                                              {3, Kind::unlock}})),
                            gen::set(&Step::account, gen::weightedElement<int>({{6, 0}, {2, 1}, {1, 2}})),
                            gen::set(&Step::limit, gen::weightedElement<int>({{4, 1}, {3, 2}, {2, 3}})),
                            gen::set(&Step::roll, gen::inRange(0, 64)),
                            gen::set(&Step::pick, gen::inRange(0, 1000)),
                            gen::set(&Step::kin, gen::inRange(0, 1024)));
}

/// The registry, the model and the world around both, which all see the same events.
class Run {
public:
    void take(const Step& step) {
        switch (step.kind) {
        case Kind::open:
            return open(new_login(step));
        case Kind::retry:
            return open(retried_login(step));
        case Kind::abandon:
            return abandon(step.pick);
        case Kind::restart:
            return restart(step);
        case Kind::pass:
            return pass(step.roll);
        case Kind::jump: // years
            now_.wall += (step.roll - 32) * 365LL * 24 * 3600 * 1'000'000;
            return;
        case Kind::timer:
            return timer();
        case Kind::renew:
            return renew(about(step));
        case Kind::unlock:
            return unlock("account" + std::to_string(step.account));
        default:
            return event(step.kind, about(step), step.roll);
        }
    }

    /// Lets everything end, and sees that nothing is left.
    void finish() {
        while (!model_.waiting.empty())
            abandon_login(model_.waiting.back().number);
        while (!model_.held.empty()) {
            const auto& oldest = model_.held.front();
            event(oldest.state == State::ending ? Kind::gone : Kind::close, oldest.login.number, 0);
        }
        demand(registry_.size() == 0 && !ledger_.is_anyone_waiting(), "something is left when all is over");
        demand(!registry_.next_deadline(), "a deadline is left when all is over");
        while (!model_.locked.empty())
            unlock(std::string{*model_.locked.begin()});
        for (int account = 0; account < 3; ++account)
            open(new_login({.account = account}));
        demand(registry_.size() == 3, "an account does not get its slot when all is over");
    }

private:
    static void demand(bool is_so, const std::string& otherwise) {
        if (!is_so)
            throw std::logic_error(otherwise);
    }

    Login new_login(const Step& step) {
        Login login{.number = ++last_number_,
                    .account = "account" + std::to_string(step.account),
                    .on_conflict = step.roll % 4 == 1 ? OnConflict::refuse : OnConflict::supersede,
                    .max_sessions = step.limit,
                    .on_leader_exit = step.roll % 8 == 2 ? OnLeaderExit::release : OnLeaderExit::end};
        if (step.roll % 16 == 3) {
            login.kind = Ruling::Kind::exempt;
        } else if (step.roll % 16 == 7) {
            login.enforce = false;
        } else if (step.roll % 32 == 11) {
            login.kind = Ruling::Kind::ignored;
        } else if (step.roll % 8 == 4) {
            login.inside = about(step);
        } else if (step.roll % 16 == 6) {
            login.leader = 1 + step.pick % last_number_;
        }
        add_kin(login, step);
        return login;
    }

    /// From two hosts come logins that may share; some are asked, some are leases, some contest.
    static void add_kin(Login& login, const Step& step) {
        if (step.kin % 8 == 1 || step.kin % 8 == 2 || step.kin % 8 == 3) {
            login.host = 1 + step.pick % 2;
            login.count_by = step.kin % 8 == 3 ? CountBy::session : CountBy::origin;
        }
        if (step.kin / 8 % 4 == 1) {
            login.on_conflict = OnConflict::ask;
            login.consent = step.roll % 2 == 0 ? Consent::given : Consent::none;
        }
        if (step.kin / 32 % 4 == 1) {
            login.lifetime = 5 + step.pick % 50;
        } else if (step.kin / 32 % 4 == 2 && !login.inside && !login.leader) {
            login.ttl = 5 + step.pick % 20;
            login.lifetime = step.pick % 3 == 0 ? std::optional{10 + step.pick % 50} : std::nullopt;
        }
        if (step.kin / 128 == 1)
            login.contest_limit = 1;
        if (step.kin / 128 == 2)
            login.contest_limit = 2;
        if (step.kin / 128 == 3) {
            login.contest_limit = 2;
            login.contest_action = ContestAction::lock;
        }
    }

    /// The same login again, or another one that takes over its nonce or its leader.
    Login retried_login(const Step& step) {
        if (logins_.empty())
            return new_login(step);
        auto login = std::next(logins_.begin(), step.pick % static_cast<int>(logins_.size()))->second;
        login.leader = login.leader.value_or(login.number);
        login.nonce = login.nonce.value_or(login.number);
        login.number = ++last_number_;
        if (login.ttl)
            login.leader.reset();
        if (step.roll % 8 == 1) {
            login.leader = login.number;
        } else if (step.roll % 8 == 2) {
            login.account = "account" + std::to_string(step.account);
        }
        return login;
    }

    void open(const Login& login) {
        logins_[login.number] = login;
        const std::size_t size = registry_.size();
        const Verdict foretold = registry_.decide(claim_of(login, now_), now_);
        demand(registry_.size() == size, "decide() changes the registry");
        const bool is_waited_for = std::ranges::any_of(
            model_.waiting, [&](const Login& other) { return other.account == login.account; });
        ledger_.asks(login);
        Effects effects;
        registry_.open(claim_of(login, now_), tick(), effects);
        model_.open(login);
        if (foretold.decision != protocol::Decision::supersede && !is_waited_for) {
            const Answer* const answer = effects.empty() ? nullptr : std::get_if<Answer>(&effects.back());
            demand(answer != nullptr && answer->verdict.because == foretold.because &&
                       answer->verdict.decision == foretold.decision,
                   "decide() foretold something else");
        }
        compare(effects, login.account);
    }

    void abandon(int pick) {
        if (!model_.waiting.empty()) {
            abandon_login(
                std::next(model_.waiting.begin(), pick % static_cast<int>(model_.waiting.size()))->number);
        }
    }

    void abandon_login(int number) {
        ledger_.goes_away(number);
        Effects effects;
        registry_.abandon(logins_.at(number).account, static_cast<RequestId>(number), tick(), effects);
        model_.abandon(number);
        compare(effects, logins_.at(number).account);
    }

    /// A session that the event may be about: mostly one that lives, now and then one that is over or never
    /// was.
    int about(const Step& step) {
        std::vector<int> numbers;
        const bool wants_ending = step.kind == Kind::gone || step.kind == Kind::stuck;
        for (const auto& session : model_.held) {
            if (!wants_ending || session.state == State::ending)
                numbers.push_back(session.login.number);
        }
        if (numbers.empty() || step.roll % 16 == 15)
            return 1 + step.pick % (last_number_ + 1);
        return numbers.at(static_cast<std::size_t>(step.pick) % numbers.size());
    }

    void event(Kind kind, int number, int roll) {
        const auto login = logins_.find(number);
        const std::string account = login == logins_.end() ? "" : login->second.account;
        const SessionId id = session_id(number);
        const Reason reason = roll % 2 == 0 ? Reason::terminated : Reason::idle;
        Effects effects;
        tick();
        switch (kind) {
        case Kind::confirm:
            model_.confirm(number);
            registry_.confirm(id, std::nullopt, effects);
            break;
        case Kind::close:
            model_.close(number);
            registry_.close(id, now_, effects);
            break;
        case Kind::line_closed:
            model_.line_closed(number);
            registry_.line_closed(id, now_, effects);
            break;
        case Kind::leader_exited:
            model_.leader_exited(number);
            registry_.leader_exited(id, now_, effects);
            break;
        case Kind::end:
            model_.end(number, reason);
            registry_.end(id, reason, effects);
            break;
        case Kind::gone:
            model_.gone(number);
            registry_.gone(id, now_, effects);
            break;
        default:
            model_.stuck(number);
            registry_.stuck(id, now_, effects);
            break;
        }
        compare(effects, account);
    }

    /// Time goes by; the timer may come late.
    void pass(int roll) {
        constexpr std::array times{1, 5, 5, 20, 20, 61, 301};
        now_.boot += times.at(static_cast<std::size_t>(roll) % times.size()) * RegistryModel::second;
        if (roll % 8 != 0)
            timer();
    }

    void timer() {
        Effects effects;
        registry_.tick(tick(), effects);
        model_.tick();
        compare(effects, std::nullopt);
    }

    void renew(int number) {
        const auto login = logins_.find(number);
        Effects effects;
        const auto deadline = registry_.renew(session_id(number), tick(), effects);
        demand(deadline.has_value() == model_.renew(number), "it could be renewed, or could not");
        demand(!deadline || *deadline == model_.find(number)->deadline(), "it is renewed to another time");
        compare(effects, login == logins_.end() ? "" : login->second.account);
    }

    void unlock(const std::string& account) {
        Effects effects;
        ledger_.unlocks(account);
        const bool was_shut = registry_.unlock(account, tick(), effects);
        demand(was_shut == model_.unlock(account), "it was shut, or was not");
        compare(effects, account);
    }

    /// The daemon starts again with what is on record, oldest first. Of some sessions the last record had
    /// still to be written.
    void restart(const Step& step) {
        const auto survival_of = [&](int number) {
            if (logins_.at(number).ttl) // it has no process
                return Survival::alive;
            constexpr std::array fates{Survival::alive, Survival::alive, Survival::alive, Survival::remains,
                                       Survival::nothing};
            return fates.at(static_cast<std::size_t>(step.roll + number) % fates.size());
        };
        registry_ = Registry{};
        ledger_.restarts();
        tick();
        model_.restart(survival_of);
        const auto stored = ledger_.stored;
        Effects effects;
        for (const auto& [account, note] : ledger_.notes)
            registry_.restore(note);
        for (const auto& [id, last] : stored) {
            const int number = number_of(id);
            const Session session = (step.roll + number) % 2 == 0 ? last : ledger_.on_disk.at(id);
            if (!session.is_ended()) {
                registry_.restore(session, rules_of(logins_.at(number)), survival_of(number), now_, effects);
            }
        }
        compare(effects, std::nullopt);
    }

    void compare(const Effects& effects, const std::optional<std::string>& account) {
        RC_LOG() << (effects.empty() ? "(nothing)" : testing::text(effects)) << "\n--\n";
        ledger_.take(effects, account);
        std::vector<std::string> answers;
        std::vector<std::string> begun;
        std::vector<std::string> over;
        std::vector<std::string> contests;
        for (const Effect& effect : effects) {
            if (const auto* const answer = std::get_if<Answer>(&effect)) {
                Answer plain = *answer;
                plain.verdict.holder.reset();
                plain.superseded.reset();
                plain.superseded_before.reset();
                answers.push_back(testing::text(plain));
            } else if (const auto* const ending = std::get_if<BeginEnding>(&effect)) {
                begun.push_back(testing::text(ending->session.id) + " " + name(*ending->session.reason));
            } else if (const auto* const record = std::get_if<Record>(&effect);
                       record != nullptr && record->session.is_ended()) {
                over.push_back(testing::text(record->session.id) + " " + name(*record->session.reason));
            } else if (const auto* const contest = std::get_if<Contested>(&effect)) {
                contests.push_back(testing::text(*contest));
            }
        }
        RC_ASSERT(answers == std::exchange(model_.answers, {}));
        RC_ASSERT(begun == std::exchange(model_.begun, {}));
        RC_ASSERT(over == std::exchange(model_.over, {}));
        RC_ASSERT(contests == std::exchange(model_.contests, {}));
        compare_sessions();
    }

    const Now& tick() {
        ++now_.wall;
        model_.now = ++now_.boot;
        return now_;
    }

    void compare_sessions() const {
        RC_ASSERT(registry_.size() == model_.held.size());
        std::map<int, int> slots;
        for (const auto& held : model_.held) {
            const auto session = registry_.find(session_id(held.login.number));
            RC_ASSERT(session.has_value());
            RC_ASSERT(session->state == held.state);
            RC_ASSERT(session->slot.has_value() == held.has_slot());
            RC_ASSERT(session->deadline().value_or(RegistryModel::never) == held.deadline());
            if (held.has_slot()) // one slot a device, and one device a slot
                RC_ASSERT(slots.try_emplace(held.device, *session->slot).first->second == *session->slot);
            if (held.deadline() > now_.boot && held.deadline() != RegistryModel::never)
                RC_ASSERT(registry_.next_deadline().value_or(RegistryModel::never) <= held.deadline());
        }
    }

    Registry registry_;
    RegistryModel model_;
    RegistryLedger ledger_;
    std::map<int, Login> logins_;
    int last_number_ = 0;
    Now now_;
};

void whatever_happens_the_registry_does_what_the_model_says(void** /*state*/) {
    const bool holds = rc::check("the registry does what the model says", [] {
        Run run;
        for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step())) {
            RC_LOG() << step << "\n";
            run.take(step);
        }
        run.finish();
    });
    assert_true(holds);
}

} // namespace

int main() {
    // The sanitizers need forty times as long, and look for something else than a rare sequence.
    constexpr auto cases = SOLO_SANITIZED ? "max_success=1000 max_size=150" : "max_success=4000 max_size=150";
    // What the caller says in RC_PARAMS counts: a seed to reproduce a failure, more cases for a longer look.
    setenv("RC_PARAMS", cases, 0);
    const CMUnitTest tests[] = {
        SOLO_TEST(whatever_happens_the_registry_does_what_the_model_says),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
