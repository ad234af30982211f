// SPDX-License-Identifier: MIT
// Who comes again: a login from inside a session, a retry, and the daemon after a restart.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <string>

namespace {

using namespace solo;
using namespace solo::testing;

constexpr auto supersede = OnConflict::supersede;
constexpr auto release = OnLeaderExit::release;

void a_login_from_inside_an_active_session_joins_it(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .inside = 1}), "login 2: grant, joined");
    assert_int_equal(scene.registry.size(), 1);
}

void a_login_from_inside_an_exempt_session_joins_it(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .kind = Ruling::Kind::exempt});
    scene.confirm(1);
    scene.active({.number = 2});
    expect(scene.open({.number = 3, .inside = 1}), "login 3: grant, joined");
}

void a_login_from_inside_a_session_of_another_account_needs_a_slot(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .account = "bob", .inside = 1}), Scene::granted(2));
    expect(scene.open({.number = 3, .account = "bob", .inside = 1}), "login 3: refuse, occupied, held by s2");
}

void a_login_from_inside_a_session_that_is_not_active_needs_a_slot(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1});
    expect(scene.open({.number = 2, .inside = 1}), "login 2: refuse, occupied, held by s1");
    scene.end(1);
    expect(scene.open({.number = 3, .inside = 1}), "login 3: refuse, occupied, held by s1");
    scene.gone(1);
    expect(scene.open({.number = 4, .inside = 1}), Scene::granted(4));
}

void a_retry_of_a_granted_login_gives_the_same_session(void** /*state*/) {
    for (const In state : {In::opening, In::active}) {
        Scene scene = scene_of(state);
        expect(scene.open({.number = 2, .leader = 1, .nonce = 1}), "login 2: grant, retried, s1");
        assert_int_equal(scene.registry.size(), 1);
    }
}

void a_retry_of_an_exempt_login_gives_the_same_session(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .kind = Ruling::Kind::exempt});
    expect(scene.open({.number = 2, .kind = Ruling::Kind::exempt, .leader = 1, .nonce = 1}),
           "login 2: grant, retried, s1");
}

void after_a_retry_the_sessions_line_is_open_again(void** /*state*/) {
    Scene scene = scene_of(In::active);
    scene.line_closed(1);
    scene.open({.number = 2, .leader = 1, .nonce = 1});
    expect(scene.leader_exited(1), "s1 ending, leader-exited, slot 0\nend s1");
}

void the_line_of_a_retry_is_on_record_with_the_answer(void** /*state*/) {
    Scene scene;
    Claim claim = claim_of({.number = 1});
    claim.traces.line_inode = 100;
    Effects effects;
    scene.registry.open(claim, scene.tick(), effects);
    claim = claim_of({.number = 2, .leader = 1, .nonce = 1});
    claim.traces.line_inode = 200;
    effects.clear();
    scene.registry.open(claim, scene.tick(), effects);
    assert_int_equal(effects.size(), 2);
    assert_int_equal(std::get<Record>(effects[0]).session.traces.line_inode.value_or(0), 200);
    assert_true(std::holds_alternative<Answer>(effects[1]));
}

void the_same_nonce_of_another_leader_is_another_login(void** /*state*/) {
    Scene scene = scene_of(In::active);
    expect(scene.open({.number = 2, .nonce = 1}), "login 2: refuse, occupied, held by s1");
    expect(scene.open({.number = 6, .nonce = 1}), "login 6: refuse, occupied, held by s1");
}

void another_nonce_of_the_same_leader_is_another_login(void** /*state*/) {
    Scene scene = scene_of(In::active);
    expect(scene.open({.number = 2, .leader = 1}), "login 2: refuse, occupied, held by s1");
}

void the_same_nonce_for_another_account_is_another_login(void** /*state*/) {
    Scene scene = scene_of(In::active);
    expect(scene.open({.number = 2, .account = "bob", .leader = 1, .nonce = 1}), Scene::granted(2));
}

void a_retry_of_a_session_that_is_being_ended_is_another_login(void** /*state*/) {
    Scene scene = scene_of(In::ending);
    expect(scene.open({.number = 2, .leader = 1, .nonce = 1}), "login 2: refuse, occupied, held by s1");
    scene.gone(1);
    expect(scene.open({.number = 3, .leader = 1, .nonce = 1}), Scene::granted(3));
}

void a_retry_of_a_login_that_waits_gives_the_same_session(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.open({.number = 3, .on_conflict = supersede, .leader = 2, .nonce = 2}), "");
    expect(scene.gone(1),
           "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) + "\nlogin 3: grant, retried, s2");
}

void what_a_restart_makes_of_a_session_depends_on_what_survives(void** /*state*/) {
    const std::string active = "s1 active, slot 0";
    const std::string as_it_was; // nothing to write
    const std::string is_ending = "s1 ending, lost, slot 0\nend s1";
    const std::string is_ended = "s1 ended, lost, slot 0";
    const std::string ends_on = "s1 ending, terminated, slot 0\nend s1";
    const std::string has_ended = "s1 ended, terminated, slot 0";
    const struct {
        In state;
        Survival survival;
        OnLeaderExit on_leader_exit;
        const std::string& expected;
    } rows[] = {
        {In::opening, Survival::alive, OnLeaderExit::end, active},
        {In::opening, Survival::remains, OnLeaderExit::end, is_ending},
        {In::opening, Survival::remains, release, is_ended},
        {In::opening, Survival::nothing, OnLeaderExit::end, is_ended},
        {In::active, Survival::alive, OnLeaderExit::end, as_it_was},
        {In::active, Survival::alive, release, as_it_was},
        {In::active, Survival::remains, OnLeaderExit::end, is_ending},
        {In::active, Survival::remains, release, is_ended},
        {In::active, Survival::nothing, OnLeaderExit::end, is_ended},
        {In::active, Survival::nothing, release, is_ended},
        {In::ending, Survival::alive, OnLeaderExit::end, ends_on},
        {In::ending, Survival::alive, release, ends_on},
        {In::ending, Survival::remains, OnLeaderExit::end, ends_on},
        {In::ending, Survival::remains, release, ends_on},
        {In::ending, Survival::nothing, OnLeaderExit::end, has_ended},
        {In::ending, Survival::nothing, release, has_ended},
        {In::stuck, Survival::alive, OnLeaderExit::end, ends_on},
    };
    for (const auto& [state, survival, on_leader_exit, expected] : rows) {
        const Session record = scene_of(state).stored.at(session_id(1));
        Scene restarted;
        const std::string where = "state " + std::to_string(static_cast<int>(state)) + ", survival " +
                                  std::to_string(static_cast<int>(survival));
        expect(restarted.restore(record, survival, {.on_leader_exit = on_leader_exit}), expected, where);
        const bool is_over = expected.find("ended") != std::string::npos;
        expect(restarted.open({.number = 2}),
               is_over ? Scene::granted(2) : "login 2: refuse, occupied, held by s1", where);
    }
}

void an_ending_session_without_a_reason_on_record_is_lost(void** /*state*/) {
    Session record = scene_of(In::ending).stored.at(session_id(1));
    record.reason.reset();
    Scene restarted;
    expect(restarted.restore(record, Survival::alive), "s1 ending, lost, slot 0\nend s1");
}

void a_record_that_is_read_late_takes_the_place_of_the_login_adopted_meanwhile(void** /*state*/) {
    const Session record = scene_of(In::active).stored.at(session_id(1));
    Scene restarted;
    restarted.adopt({.number = 2, .leader = 1});
    restarted.adopt({.number = 3, .account = "bob", .leader = 4});
    expect(restarted.restore(record, Survival::alive), "s2 ended, logout, slot 0");
    expect(restarted.open({.number = 5}), "login 5: refuse, occupied, held by s1");
    assert_int_equal(restarted.registry.size(), 2); // bob stays
}

void after_a_restart_a_retry_gives_the_same_session(void** /*state*/) {
    const Session record = scene_of(In::opening).stored.at(session_id(1));
    Scene restarted;
    restarted.restore(record, Survival::alive);
    expect(restarted.open({.number = 2, .leader = 1, .nonce = 1}), "login 2: grant, retried, s1");
}

void after_a_restart_the_exit_of_the_leader_ends_the_session(void** /*state*/) {
    const Session record = scene_of(In::active).stored.at(session_id(1));
    const struct {
        bool is_line_closed;
        OnLeaderExit on_leader_exit;
        const char* expected;
    } rows[] = {
        {false, OnLeaderExit::end, "s1 ending, leader-exited, slot 0\nend s1"},
        {false, release, "s1 ended, leader-exited, slot 0"},
        {true, OnLeaderExit::end, "s1 ended, leader-exited, slot 0"},
    };
    for (const auto& [is_line_closed, on_leader_exit, expected] : rows) {
        Scene restarted;
        restarted.restore(record, Survival::alive, {.on_leader_exit = on_leader_exit});
        if (is_line_closed)
            expect(restarted.line_closed(1), "");
        expect(restarted.leader_exited(1), expected);
    }
}

void restored_sessions_keep_their_slots_and_their_order(void** /*state*/) {
    Scene scene;
    for (const int number : {1, 2, 3})
        scene.open({.number = number, .max_sessions = 3});
    Scene restarted;
    expect(restarted.restore(scene.stored.at(session_id(1)), Survival::nothing), "s1 ended, lost, slot 0");
    expect(restarted.restore(scene.stored.at(session_id(2)), Survival::alive), "s2 active, slot 1");
    expect(restarted.restore(scene.stored.at(session_id(3)), Survival::alive), "s3 active, slot 2");
    expect(restarted.open({.number = 4, .max_sessions = 3}), Scene::granted(4, 0));
    expect(restarted.open({.number = 5, .on_conflict = supersede, .max_sessions = 3}),
           "s2 ending, superseded, slot 1\nend s2 for host5");
}

void a_session_that_is_found_late_has_its_slot_and_its_age_all_the_same(void** /*state*/) {
    const Scene earlier = scene_of(In::active);
    Scene blind;
    blind.active({.number = 2});
    expect(blind.restore(earlier.stored.at(session_id(1)), Survival::alive), "s2 active, slot 1");
    expect(blind.open({.number = 3}), "login 3: refuse, occupied, held by s1");
    expect(blind.open({.number = 4, .on_conflict = supersede, .max_sessions = 2}),
           "s1 ending, superseded, slot 0\nend s1 for host4");
}

void a_note_that_is_found_late_gives_way_to_a_newer_one(void** /*state*/) {
    Registry registry;
    registry.restore(AccountNote{.account = "alice", .uid = {}, .locked = 2, .superseded = {}});
    registry.restore(AccountNote{.account = "alice", .uid = {}, .locked = {}, .superseded = Supersession{}});
    Effects effects;
    assert_true(registry.unlock("alice", {}, effects));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_login_from_inside_an_active_session_joins_it),
        SOLO_TEST(a_login_from_inside_an_exempt_session_joins_it),
        SOLO_TEST(a_login_from_inside_a_session_of_another_account_needs_a_slot),
        SOLO_TEST(a_login_from_inside_a_session_that_is_not_active_needs_a_slot),
        SOLO_TEST(a_retry_of_a_granted_login_gives_the_same_session),
        SOLO_TEST(a_retry_of_an_exempt_login_gives_the_same_session),
        SOLO_TEST(after_a_retry_the_sessions_line_is_open_again),
        SOLO_TEST(the_line_of_a_retry_is_on_record_with_the_answer),
        SOLO_TEST(the_same_nonce_of_another_leader_is_another_login),
        SOLO_TEST(another_nonce_of_the_same_leader_is_another_login),
        SOLO_TEST(the_same_nonce_for_another_account_is_another_login),
        SOLO_TEST(a_retry_of_a_session_that_is_being_ended_is_another_login),
        SOLO_TEST(a_retry_of_a_login_that_waits_gives_the_same_session),
        SOLO_TEST(what_a_restart_makes_of_a_session_depends_on_what_survives),
        SOLO_TEST(an_ending_session_without_a_reason_on_record_is_lost),
        SOLO_TEST(a_record_that_is_read_late_takes_the_place_of_the_login_adopted_meanwhile),
        SOLO_TEST(after_a_restart_a_retry_gives_the_same_session),
        SOLO_TEST(after_a_restart_the_exit_of_the_leader_ends_the_session),
        SOLO_TEST(restored_sessions_keep_their_slots_and_their_order),
        SOLO_TEST(a_session_that_is_found_late_has_its_slot_and_its_age_all_the_same),
        SOLO_TEST(a_note_that_is_found_late_gives_way_to_a_newer_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
