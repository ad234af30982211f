// SPDX-License-Identifier: MIT
// A session's life: how it is granted, what each event makes of it, and that it is forgotten.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <chrono>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace {
// How much memory the program holds now, by which a test sees that the registry forgets.
long blocks_in_use = 0;
} // namespace

// All forms that the registry uses; not inlined, because g++ then takes them for mismatched.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    void* const block = std::malloc(size);
    blocks_in_use += block != nullptr ? 1 : 0;
    return block;
}

[[gnu::noinline]] void* operator new(std::size_t size) {
    if (void* const block = operator new(size, std::nothrow))
        return block;
    throw std::bad_alloc{};
}

[[gnu::noinline]] void operator delete(void* block) noexcept {
    blocks_in_use -= block != nullptr ? 1 : 0;
    std::free(block);
}

[[gnu::noinline]] void operator delete(void* block, std::size_t /*size*/) noexcept {
    operator delete(block);
}

namespace {

using namespace solo;
using namespace solo::testing;

constexpr auto supersede = OnConflict::supersede;
constexpr auto release = OnLeaderExit::release;

void first_login_of_an_account_is_granted_after_its_record(void** /*state*/) {
    Scene scene;
    expect(scene.open({.number = 1}), "s1 opening, slot 0\nlogin 1: grant, free slot, s1");
    expect(scene.confirm(1), "s1 active, slot 0");
    expect(scene.confirm(1), "");
}

void a_grant_records_who_where_and_when(void** /*state*/) {
    Scene scene;
    scene.now = at(41);
    scene.active({.number = 1});
    const Session& session = scene.stored.at(session_id(1));
    expect(session.account, "alice");
    expect(session.origin.rhost.value_or(""), "host1");
    expect(session.nonce, "nonce 1");
    assert_true(session.uid == 1000U);
    assert_true(session.leader == leader_of(1));
    assert_int_equal(session.opened, 42);
    assert_false(session.ended.has_value());
    scene.close(1);
    assert_int_equal(scene.stored.at(session_id(1)).opened, 42);
    assert_int_equal(*scene.stored.at(session_id(1)).ended, 43);
}

void what_the_kernel_says_of_a_session_is_recorded_once(void** /*state*/) {
    Scene scene;
    const Traces traces{.line_inode = 7, .audit_session = 8, .logind_session = "9"};
    scene.open({.number = 1});
    Effects effects;
    scene.registry.observe(session_id(1), traces, effects);
    assert_int_equal(effects.size(), 1);
    assert_true(std::get<Record>(effects.front()).session.traces == traces);
    scene.registry.observe(session_id(1), traces, effects);
    scene.registry.observe(session_id(9), traces, effects);
    assert_int_equal(effects.size(), 1);
    scene.confirm(1, 8);
    expect(scene.confirm(1, 8), "");
    assert_true(scene.stored.at(session_id(1)).traces == traces);
    scene.close(1);
    assert_true(scene.stored.at(session_id(1)).traces == traces);
}

void a_confirmation_that_knows_less_forgets_nothing(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1});
    Effects effects;
    scene.registry.observe(session_id(1), {.line_inode = {}, .audit_session = 8, .logind_session = {}},
                           effects);
    expect(scene.confirm(1), "s1 active, slot 0");
    expect(scene.confirm(1), "");
    assert_int_equal(scene.stored.at(session_id(1)).traces.audit_session.value_or(0), 8);
}

void what_is_said_of_a_session_that_is_not_there_does_nothing(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.close(1);
    for (const int number : {1, 2}) {
        const std::string which = "session " + std::to_string(number);
        expect(scene.confirm(number, 8), "", which);
        expect(scene.close(number), "", which);
        expect(scene.gone(number), "", which);
        expect(scene.stuck(number), "", which);
        expect(scene.end(number), "", which);
        assert_false(scene.registry.find(session_id(number)).has_value());
    }
}

/// A restart finds out by itself what has not come on record: that a session was confirmed, and its traces.
/// Whoever logs in or out waits for the record of that.
void only_what_a_restart_finds_out_can_wait_for_its_record(void** /*state*/) {
    Registry registry;
    const auto can_wait = [&](const auto& event) {
        Effects effects;
        event(effects);
        const auto* const record = effects.empty() ? nullptr : std::get_if<Record>(&effects.front());
        assert_non_null(record);
        return record->can_wait;
    };
    assert_false(can_wait([&](Effects& effects) { registry.open(claim_of({.number = 1}), at(1), effects); }));
    assert_true(can_wait([&](Effects& effects) { registry.confirm(session_id(1), 8, effects); }));
    assert_true(can_wait([&](Effects& effects) {
        registry.observe(session_id(1), {.line_inode = 7, .audit_session = 8, .logind_session = "9"},
                         effects);
    }));
    assert_false(can_wait([&](Effects& effects) { registry.end(session_id(1), Reason::idle, effects); }));
    assert_false(can_wait([&](Effects& effects) { registry.gone(session_id(1), at(2), effects); }));
}

void second_login_of_an_account_is_refused_and_told_the_oldest_holder(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1, .max_sessions = 2});
    expect(scene.open({.number = 2, .max_sessions = 2}), Scene::granted(2, 1));
    expect(scene.open({.number = 3, .max_sessions = 2}), "login 3: refuse, occupied, held by s1");
    assert_int_equal(scene.registry.size(), 2);
}

void accounts_are_independent(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.active({.number = 2, .account = "bob"});
    expect(scene.open({.number = 3, .account = "bob", .on_conflict = supersede}),
           "s2 ending, superseded, slot 0\nend s2 for host3");
    expect(scene.open({.number = 4, .account = "carol"}), Scene::granted(4));
    expect(scene.close(1), "s1 ended, logout, slot 0");
    expect(scene.open({.number = 5}), Scene::granted(5));
}

void a_login_through_an_ignored_service_leaves_no_trace(void** /*state*/) {
    Scene scene;
    expect(scene.open({.number = 1, .kind = Ruling::Kind::ignored}), "login 1: ignore, not a login");
    assert_int_equal(scene.registry.size(), 0);
}

void an_exempt_login_is_recorded_and_needs_no_slot(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .kind = Ruling::Kind::exempt}), "s2 opening\nlogin 2: grant, exempt, s2");
    expect(scene.confirm(2), "s2 active");
    expect(scene.close(1), "s1 ended, logout, slot 0");
    expect(scene.open({.number = 3}), Scene::granted(3));
    expect(scene.close(2), "s2 ended, logout");
}

void in_a_trial_run_a_login_without_a_slot_is_granted_and_the_holder_named(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .on_conflict = supersede, .enforce = false}),
           "s2 opening\nlogin 2: grant, trial, held by s1, s2");
    expect(scene.open({.number = 3, .enforce = false}), "s3 opening\nlogin 3: grant, trial, held by s1, s3");
    expect(scene.close(1), "s1 ended, logout, slot 0");
    expect(scene.open({.number = 4, .enforce = false}), Scene::granted(4));
}

void a_limit_below_one_admits_nobody(void** /*state*/) {
    for (const int limit : {0, -1}) {
        Scene scene;
        expect(scene.open({.number = 1, .max_sessions = limit}), "login 1: refuse, occupied");
        expect(scene.open({.number = 2, .on_conflict = supersede, .max_sessions = limit}),
               "login 2: refuse, occupied");
        scene.active({.number = 3});
        expect(scene.open({.number = 4, .on_conflict = supersede, .max_sessions = limit}),
               "login 4: refuse, occupied, held by s3");
        expect(scene.open({.number = 5, .max_sessions = limit, .enforce = false}),
               "s5 opening\nlogin 5: grant, trial, held by s3, s5");
    }
}

void the_lowest_free_slot_is_granted(void** /*state*/) {
    Scene scene;
    for (const int number : {1, 2, 3})
        expect(scene.open({.number = number, .max_sessions = 3}), Scene::granted(number, number - 1));
    scene.close(2);
    expect(scene.open({.number = 4, .max_sessions = 3}), Scene::granted(4, 1));
    scene.close(1);
    scene.close(3);
    expect(scene.open({.number = 5, .max_sessions = 3}), Scene::granted(5, 0));
}

void each_verdict_names_the_rule_that_decides(void** /*state*/) {
    Registry registry;
    Effects effects;
    registry.open(claim_of({.number = 1}), at(1), effects);
    const auto rule = [&](Login login, int number) {
        login.number = number;
        Claim claim = claim_of(login);
        claim.ruling.rules.on_conflict.source = {"[User alice]", "", 0};
        claim.ruling.rules.max_sessions.source = {"[Group staff]", "", 0};
        claim.ruling.rules.enforce.source = {"[Service sshd]", "", 0};
        return registry.decide(claim, at(2)).rule;
    };
    expect(rule({.kind = Ruling::Kind::ignored}, 2), "the rule");
    expect(rule({.kind = Ruling::Kind::exempt}, 2), "the rule");
    expect(rule({}, 2), "[User alice] OnConflict (built-in)");
    expect(rule({.on_conflict = supersede}, 2), "[User alice] OnConflict (built-in)");
    expect(rule({.enforce = false}, 2), "[Service sshd] Enforce (built-in)");
    expect(rule({.max_sessions = 2}, 2), "[Group staff] MaxSessions (built-in)");
    expect(rule({}, 1), "nonce");
}

void each_event_in_each_state_does_what_the_table_says(void** /*state*/) {
    using Event = std::string (*)(Scene&);
    const Event confirm = [](Scene& scene) { return scene.confirm(1); };
    const Event close = [](Scene& scene) { return scene.close(1); };
    const Event line_closed = [](Scene& scene) { return scene.line_closed(1); };
    const Event leader_exited = [](Scene& scene) { return scene.leader_exited(1); };
    const Event end = [](Scene& scene) { return scene.end(1, Reason::expired); };
    const Event gone = [](Scene& scene) { return scene.gone(1); };
    const Event stuck = [](Scene& scene) { return scene.stuck(1); };
    const struct {
        const char* what;
        Event event;
        const char* opening;
        const char* active;
        const char* ending;
        const char* stuck;
    } rows[] = {
        {"confirm", confirm, "s1 active, slot 0", "", "", ""},
        {"close", close, "s1 ended, logout, slot 0", "s1 ended, logout, slot 0", "", ""},
        {"line_closed", line_closed, "s1 ended, unconfirmed, slot 0", "", "", ""},
        {"leader_exited", leader_exited, "s1 ending, unconfirmed, slot 0\nend s1",
         "s1 ending, leader-exited, slot 0\nend s1", "", ""},
        {"end", end, "s1 ending, expired, slot 0\nend s1", "s1 ending, expired, slot 0\nend s1", "", ""},
        {"gone", gone, "", "", "s1 ended, terminated, slot 0", "s1 ended, terminated, slot 0"},
        {"stuck", stuck, "", "", "", ""},
    };
    for (const auto& [what, event, opening, active, ending, is_stuck] : rows) {
        const std::pair<In, const char*> columns[] = {{In::opening, opening},
                                                      {In::active, active},
                                                      {In::ending, ending},
                                                      {In::stuck, is_stuck},
                                                      {In::ended, ""}};
        for (const auto& [state, expected] : columns) {
            Scene scene = scene_of(state);
            const std::string where =
                std::string{what} + " in state " + std::to_string(static_cast<int>(state));
            const bool was_over = state == In::ended;
            expect(event(scene), expected, where);
            const bool is_over = was_over || std::string{expected}.find("ended") != std::string::npos;
            expect(scene.open({.number = 2}),
                   is_over ? Scene::granted(2) : "login 2: refuse, occupied, held by s1",
                   where + ", then open");
            expect(std::to_string(scene.endings[session_id(1)]), is_over ? "1" : "0", where + ", ended");
        }
    }
}

void what_follows_the_leaders_exit_depends_on_line_and_policy(void** /*state*/) {
    const struct {
        bool is_line_closed;
        OnLeaderExit on_leader_exit;
        const char* expected;
    } rows[] = {
        {false, OnLeaderExit::end, "s1 ending, leader-exited, slot 0\nend s1"},
        {false, release, "s1 ended, leader-exited, slot 0"},
        {true, OnLeaderExit::end, "s1 ended, leader-exited, slot 0"},
        {true, release, "s1 ended, leader-exited, slot 0"},
    };
    for (const auto& [is_line_closed, on_leader_exit, expected] : rows) {
        Scene scene = scene_of(In::active, on_leader_exit);
        if (is_line_closed)
            expect(scene.line_closed(1), "");
        expect(scene.leader_exited(1), expected);
    }
    expect(scene_of(In::opening, release).leader_exited(1), "s1 ended, unconfirmed, slot 0");
}

void the_first_reason_for_ending_a_session_stays(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.end(1, Reason::idle);
    expect(scene.open({.number = 2, .on_conflict = supersede}), "");
    expect(scene.end(1, Reason::expired), "");
    expect(scene.gone(1), "s1 ended, idle, slot 0\n" + Scene::granted(2));
}

void events_of_sessions_that_nobody_knows_do_nothing(void** /*state*/) {
    Scene scene;
    for (const auto& found : {scene.confirm(7), scene.close(7), scene.line_closed(7), scene.leader_exited(7),
                              scene.end(7), scene.gone(7), scene.stuck(7)})
        expect(found, "");
}

void sessions_are_listed_oldest_first(void** /*state*/) {
    Scene scene;
    for (const int number : {3, 1, 2})
        scene.open({.number = number, .account = "account" + std::to_string(number)});
    std::string listed;
    for (const Session& session : scene.registry.sessions_after({}, 4))
        listed += solo::testing::text(session.id) + " ";
    expect(listed, "s1 s2 s3 ");
}

void sessions_are_listed_a_page_at_a_time_in_both_directions(void** /*state*/) {
    Scene scene;
    for (const int number : {2, 4, 6})
        scene.open({.number = number, .account = "account" + std::to_string(number)});
    const auto listed = [](const std::vector<Session>& page) {
        std::string ids;
        for (const Session& session : page)
            ids += solo::testing::text(session.id) + " ";
        return ids;
    };
    const struct {
        int number;
        std::size_t count;
        const char* after;
        const char* before;
    } rows[] = {{4, 9, "s6 ", "s2 "}, {3, 9, "s4 s6 ", "s2 "}, {6, 9, "", "s4 s2 "},
                {1, 2, "s2 s4 ", ""}, {7, 2, "", "s6 s4 "},    {4, 0, "", ""}};
    for (const auto& [number, count, after, before] : rows) {
        const std::string where = std::to_string(count) + " beside s" + std::to_string(number);
        expect(listed(scene.registry.sessions_after(session_id(number), count)), after, where + ", after");
        expect(listed(scene.registry.sessions_before(session_id(number), count)), before, where + ", before");
    }
}

void an_account_has_holders_until_the_last_of_its_slots_is_free(void** /*state*/) {
    Scene scene;
    assert_false(scene.registry.has_holders("alice"));
    scene.active({.number = 1});
    assert_true(scene.registry.has_holders("alice"));
    scene.open({.number = 2, .on_conflict = supersede});
    assert_true(scene.registry.has_holders("alice"));
    scene.abandon(2);
    scene.gone(1); // the superseding is remembered, but nobody holds a slot
    assert_false(scene.registry.has_holders("alice"));
    scene.open({.number = 3, .account = "bob", .kind = Ruling::Kind::exempt});
    assert_false(scene.registry.has_holders("bob"));
}

void what_open_would_answer_can_be_asked_and_changes_nothing(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.decide({.number = 2}), "login 2: refuse, occupied, held by s1");
    expect(scene.decide({.number = 2, .on_conflict = supersede}), "login 2: supersede, occupied, held by s1");
    expect(scene.decide({.number = 2, .max_sessions = 2}), "login 2: grant, free slot");
    expect(scene.decide({.number = 2, .account = "bob"}), "login 2: grant, free slot");
    expect(scene.confirm(1), "");
    assert_int_equal(scene.registry.size(), 1);
}

std::string account_of(int number) {
    return "account " + std::to_string(number) + " with a long name";
}

/// Logs 100 accounts in and out, with one login each that supersedes, one that goes away while it waits and
/// one that is told of it all; and so much later that nobody speaks of a contest any more.
void come_and_go(Registry& registry, int first) {
    Effects effects;
    for (int number = first; number < first + 400; number += 4) {
        const std::string account = account_of(number);
        registry.open(claim_of({.number = number, .account = account}), at(1), effects);
        registry.open(claim_of({.number = number + 1, .account = account, .on_conflict = supersede}), at(2),
                      effects);
        registry.open(claim_of({.number = number + 2, .account = account, .on_conflict = supersede}), at(3),
                      effects);
        registry.open(claim_of({.number = number + 3, .account = account, .kind = Ruling::Kind::exempt}),
                      at(4), effects);
    }
    for (int number = first; number < first + 400; number += 4) {
        registry.abandon(account_of(number), static_cast<RequestId>(number) + 2, at(5), effects);
        registry.gone(session_id(number), at(6), effects);
        registry.close(session_id(number + 1), at(7), effects);
        registry.close(session_id(number + 3), at(8), effects);
        registry.open(claim_of({.number = number + 3, .account = account_of(number)}), at(9), effects);
        registry.close(session_id(number + 3), at(10), effects);
    }
    registry.open(claim_of({.number = first, .kind = Ruling::Kind::ignored}), at(60'000'009), effects);
}

void nothing_is_left_in_memory_when_all_is_over(void** /*state*/) {
    Registry registry;
    come_and_go(registry, 0);
    assert_int_equal(registry.size(), 0);
    const long before = blocks_in_use;
    come_and_go(registry, 10'000);
    assert_int_equal(registry.size(), 0);
    assert_int_equal(blocks_in_use, before);
}

void a_superseding_that_is_remembered_for_long_keeps_no_others_in_memory(void** /*state*/) {
    Registry registry;
    Effects effects;
    Claim successor = claim_of({.number = 9002, .account = "bob", .on_conflict = supersede});
    successor.ruling.rules.contest_window.value = std::chrono::hours{24};
    registry.open(claim_of({.number = 9001, .account = "bob"}), at(1), effects);
    registry.open(successor, at(2), effects);
    registry.gone(session_id(9001), at(3), effects);
    come_and_go(registry, 0);
    const long before = blocks_in_use;
    come_and_go(registry, 10'000);
    assert_int_equal(blocks_in_use, before);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(first_login_of_an_account_is_granted_after_its_record),
        SOLO_TEST(a_grant_records_who_where_and_when),
        SOLO_TEST(what_the_kernel_says_of_a_session_is_recorded_once),
        SOLO_TEST(a_confirmation_that_knows_less_forgets_nothing),
        SOLO_TEST(what_is_said_of_a_session_that_is_not_there_does_nothing),
        SOLO_TEST(only_what_a_restart_finds_out_can_wait_for_its_record),
        SOLO_TEST(second_login_of_an_account_is_refused_and_told_the_oldest_holder),
        SOLO_TEST(accounts_are_independent),
        SOLO_TEST(a_login_through_an_ignored_service_leaves_no_trace),
        SOLO_TEST(an_exempt_login_is_recorded_and_needs_no_slot),
        SOLO_TEST(in_a_trial_run_a_login_without_a_slot_is_granted_and_the_holder_named),
        SOLO_TEST(a_limit_below_one_admits_nobody),
        SOLO_TEST(the_lowest_free_slot_is_granted),
        SOLO_TEST(each_verdict_names_the_rule_that_decides),
        SOLO_TEST(each_event_in_each_state_does_what_the_table_says),
        SOLO_TEST(what_follows_the_leaders_exit_depends_on_line_and_policy),
        SOLO_TEST(the_first_reason_for_ending_a_session_stays),
        SOLO_TEST(events_of_sessions_that_nobody_knows_do_nothing),
        SOLO_TEST(sessions_are_listed_oldest_first),
        SOLO_TEST(sessions_are_listed_a_page_at_a_time_in_both_directions),
        SOLO_TEST(an_account_has_holders_until_the_last_of_its_slots_is_free),
        SOLO_TEST(what_open_would_answer_can_be_asked_and_changes_nothing),
        SOLO_TEST(nothing_is_left_in_memory_when_all_is_over),
        SOLO_TEST(a_superseding_that_is_remembered_for_long_keeps_no_others_in_memory),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
