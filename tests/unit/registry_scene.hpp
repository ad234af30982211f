// SPDX-License-Identifier: MIT
// A registry for tests: events by the session's number in, effects as text out.
#pragma once

#include "daemon/core/registry.hpp"
#include "tests/property/logins.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace solo::testing {

/// Throws instead of leaving by longjmp, so that what the test holds is given back.
inline void expect(const std::string& found, const std::string& expected, const std::string& where = {}) {
    if (found != expected)
        throw std::runtime_error(where + "\nexpected:\n" + expected + "\nfound:\n" + found);
}

/// So many microseconds by both clocks.
inline Now at(std::int64_t time) {
    return {.wall = time, .boot = time};
}

/// A registry whose sessions have numbers; each event returns its effects as text.
class Scene {
public:
    std::string open(const Login& login) {
        return after([&](Effects& effects) { registry.open(claim_of(login, now), tick(), effects); });
    }
    std::string abandon(RequestId request) {
        return after([&](Effects& effects) { registry.abandon("alice", request, tick(), effects); });
    }
    std::string confirm(int number, std::optional<std::uint32_t> audit_session = {}) {
        return after([&](Effects& effects) { registry.confirm(session_id(number), audit_session, effects); });
    }
    std::string close(int number) {
        return after([&](Effects& effects) { registry.close(session_id(number), tick(), effects); });
    }
    std::string line_closed(int number) {
        return after([&](Effects& effects) { registry.line_closed(session_id(number), tick(), effects); });
    }
    std::string leader_exited(int number) {
        return after([&](Effects& effects) { registry.leader_exited(session_id(number), tick(), effects); });
    }
    std::string end(int number, Reason reason = Reason::terminated) {
        return after([&](Effects& effects) { registry.end(session_id(number), reason, effects); });
    }
    std::string gone(int number) {
        return after([&](Effects& effects) { registry.gone(session_id(number), tick(), effects); });
    }
    std::string stuck(int number) {
        return after([&](Effects& effects) { registry.stuck(session_id(number), tick(), effects); });
    }
    std::string unlock(const std::string& account = "alice") {
        return after([&](Effects& effects) { registry.unlock(account, tick(), effects); });
    }
    std::string adopt(const Login& login) {
        return after([&](Effects& effects) {
            const Claim claim = claim_of(login, now);
            Session session;
            session.id = claim.id;
            session.account = claim.account.name;
            session.origin = claim.origin;
            session.leader = claim.leader;
            registry.adopt(std::move(session), claim.ruling, tick(), effects);
        });
    }
    /// "renewed to 30" in seconds of the boot clock, or nothing.
    std::string renew(int number) {
        std::optional<std::int64_t> lapses;
        after([&](Effects& effects) { lapses = registry.renew(session_id(number), now, effects); });
        return lapses ? "renewed to " + std::to_string(*lapses / 1'000'000) : "";
    }
    /// What the timer does now.
    std::string due() {
        return after([&](Effects& effects) { registry.tick(now, effects); });
    }
    std::string restore(const Session& session, Survival survival, const Login& rules = {}) {
        return after(
            [&](Effects& effects) { registry.restore(session, rules_of(rules), survival, tick(), effects); });
    }
    /// The daemon starts again and finds what is on record; all leaders live.
    std::string restart(const Login& rules = {}) {
        registry = Registry{};
        for (const auto& [account, on_record] : notes)
            registry.restore(on_record);
        std::string effects;
        const auto before = stored;
        for (const auto& [id, session] : before)
            if (!session.is_ended())
                effects += (effects.empty() ? "" : "\n") + restore(session, Survival::alive, rules);
        return effects;
    }
    std::string decide(const Login& login) const {
        const Verdict verdict = registry.decide(claim_of(login, now), now);
        return testing::text(Answer{claim_of(login).request, verdict, {}, {}, {}});
    }

    /// Opens and confirms it.
    void active(const Login& login) {
        expect(open(login), granted(login.number));
        expect(confirm(login.number), s(login.number) + " active, slot 0");
    }

    /// The text of a grant of a free slot.
    static std::string granted(int number, int slot = 0) {
        return s(number) + " opening, slot " + std::to_string(slot) + "\nlogin " + std::to_string(number) +
               ": grant, free slot, " + s(number);
    }

    Registry registry;
    Now now;
    std::map<SessionId, Session> stored;      ///< the last record of each session
    std::map<SessionId, int> endings;         ///< how often each session was recorded ended
    std::map<std::string, AccountNote> notes; ///< on record, by account
    std::string note;                         ///< the last that was written: "alice: superseded by host2"
    std::string told;        ///< what the last answer says of sessions superseded: "ended s1, ended by host3"
    bool has_waited = false; ///< of the last answer

    /// A moment later.
    const Now& tick() {
        ++now.wall;
        ++now.boot;
        return now;
    }

    void pass(std::chrono::seconds time) { now.boot += std::chrono::microseconds{time}.count(); }

private:
    static std::string s(int number) { return "s" + std::to_string(number); }

    template<class Event>
    std::string after(const Event& event) {
        Effects effects;
        event(effects);
        for (const Effect& effect : effects) {
            if (const Record* const record = std::get_if<Record>(&effect)) {
                stored[record->session.id] = record->session;
                endings[record->session.id] += record->session.is_ended() ? 1 : 0;
            } else if (const RecordNote* const written = std::get_if<RecordNote>(&effect)) {
                note = testing::text(*written);
                notes[written->note.account] = written->note;
                if (written->note.is_empty())
                    notes.erase(written->note.account);
            } else if (const Answer* const answer = std::get_if<Answer>(&effect)) {
                has_waited = answer->has_waited;
                told = answer->superseded ? "ended " + testing::text(answer->superseded->id) : "";
                if (answer->superseded_before)
                    told += (told.empty() ? "" : ", ") + std::string{"ended by "} +
                            answer->superseded_before->by.rhost.value_or("nowhere");
            }
        }
        return testing::text(effects);
    }
};

enum class In { opening, active, ending, stuck, ended };

/// A scene in which session 1 is in that state.
inline Scene scene_of(In state, OnLeaderExit on_leader_exit = OnLeaderExit::end) {
    Scene scene;
    scene.open({.number = 1, .on_leader_exit = on_leader_exit});
    if (state != In::opening)
        scene.confirm(1);
    if (state == In::ending || state == In::stuck || state == In::ended)
        scene.end(1);
    if (state == In::stuck)
        scene.stuck(1);
    if (state == In::ended)
        scene.gone(1);
    return scene;
}

} // namespace solo::testing
