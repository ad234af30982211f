// SPDX-License-Identifier: MIT
// Logins that keep superseding each other: refused for a while, or the account is locked.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace {

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

constexpr auto lock = ContestAction::lock;
constexpr std::int64_t year = 365LL * 24 * 3600 * 1'000'000;

/// A login that supersedes where two supersedings within a minute are borne.
Login rival(int number, ContestAction action = ContestAction::refuse) {
    return {
        .number = number, .on_conflict = OnConflict::supersede, .contest_limit = 2, .contest_action = action};
}

/// It supersedes the login before it, and gets its slot.
void take_over(Scene& scene, int number, ContestAction action = ContestAction::refuse) {
    const std::string before = "s" + std::to_string(number - 1);
    const std::string self = std::to_string(number);
    expect(scene.open(rival(number, action)),
           before + " ending, superseded, slot 0\nend " + before + " for host" + self);
    expect(scene.gone(number - 1),
           before + " ended, superseded by s" + self + ", slot 0\n" + Scene::granted(number));
    expect(scene.confirm(number), "s" + self + " active, slot 0");
}

/// Two have superseded one another already; session 3 holds the slot.
Scene scene_at_the_limit(ContestAction action = ContestAction::refuse) {
    Scene scene;
    scene.active({.number = 1});
    take_over(scene, 2, action);
    take_over(scene, 3, action);
    return scene;
}

/// The account has just been locked, and session 3 is gone.
Scene locked_scene() {
    Scene scene = scene_at_the_limit(lock);
    scene.open(rival(4, lock));
    scene.gone(3);
    return scene;
}

void one_superseding_too_many_is_refused_and_begins_a_hold(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    expect(scene.open(rival(4)), "contest: alice, refuse\nlogin 4: refuse, contest, held by s3");
    expect(scene.open(rival(5)), "login 5: refuse, contest hold, held by s3");
}

void in_a_hold_a_free_slot_is_granted(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.close(3);
    expect(scene.open(rival(5)), Scene::granted(5));
}

void in_a_hold_who_is_going_anyway_is_waited_for(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.end(3);
    expect(scene.open(rival(5)), "");
    expect(scene.gone(3), "s3 ended, terminated, slot 0\n" + Scene::granted(5));
}

void in_a_hold_the_other_accounts_supersede(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.active({.number = 11, .account = "bob"});
    Login login = rival(12);
    login.account = "bob";
    expect(scene.open(login), "s11 ending, superseded, slot 0\nend s11 for host12");
}

void a_hold_ends_when_its_time_is_over(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.pass(299s);
    expect(scene.open(rival(5)), "login 5: refuse, contest hold, held by s3");
    scene.pass(1s);
    expect(scene.open(rival(6)), "s3 ending, superseded, slot 0\nend s3 for host6");
}

void a_jump_of_the_clock_neither_ends_nor_begins_a_hold(void** /*state*/) {
    for (const std::int64_t jump : {-year, year}) {
        Scene scene = scene_at_the_limit();
        scene.now.wall += jump;
        expect(scene.open(rival(4)), "contest: alice, refuse\nlogin 4: refuse, contest, held by s3");
        scene.now.wall -= 2 * jump;
        expect(scene.open(rival(5)), "login 5: refuse, contest hold, held by s3");
        scene.pass(300s);
        expect(scene.open(rival(6)), "s3 ending, superseded, slot 0\nend s3 for host6");
    }
}

void after_a_hold_the_supersedings_before_it_are_forgotten(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.pass(300s);
    scene.open(rival(5));
    scene.gone(3);
    expect(scene.open(rival(6)), "s5 ending, superseded, slot 0\nend s5 for host6");
}

void those_who_alternate_slowly_never_trip(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    for (int number = 2; number < 100; ++number) {
        take_over(scene, number, lock);
        scene.pass(30s);
    }
}

void a_superseding_counts_for_the_whole_window(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    take_over(scene, 2);
    scene.pass(30s);
    take_over(scene, 3);
    scene.pass(29s);
    expect(scene.decide(rival(4)), "login 4: refuse, contest, held by s3");
    scene.pass(1s);
    expect(scene.decide(rival(4)), "login 4: supersede, occupied, held by s3");
}

void a_check_counts_nothing_and_begins_nothing(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    for (int check = 0; check < 10; ++check)
        expect(scene.decide(rival(4, lock)), "login 4: refuse, contest, held by s3");
    expect(scene.decide({.number = 5}), "login 5: refuse, occupied, held by s3");
    scene.pass(60s);
    expect(scene.open(rival(6, lock)), "s3 ending, superseded, slot 0\nend s3 for host6");
}

void a_login_that_may_not_supersede_is_no_contest(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    Login login = rival(4, lock);
    login.on_conflict = OnConflict::refuse;
    expect(scene.open(login), "login 4: refuse, occupied, held by s3");
}

void a_trial_run_is_no_contest(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    Login login = rival(4, lock);
    login.enforce = false;
    expect(scene.open(login), "s4 opening\nlogin 4: grant, trial, held by s3, s4");
    expect(scene.open(rival(5, lock)), "contest: alice, lock\ns3 ending, terminated, slot 0\nend s3\n"
                                       "login 5: refuse, contest, held by s3");
}

void a_lock_ends_all_sessions_and_lets_nobody_in(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    scene.open({.number = 10, .max_sessions = 2});
    Login login = rival(4, lock);
    login.max_sessions = 2;
    expect(scene.open(login), "contest: alice, lock\ns3 ending, terminated, slot 0\nend s3\n"
                              "s10 ending, terminated, slot 1\nend s10\n"
                              "login 4: refuse, contest, held by s3");
    scene.gone(3);
    scene.gone(10);
    expect(scene.note, "alice: locked superseded by host3");
    expect(scene.open(rival(5)), "login 5: refuse, locked");
    expect(scene.open({.number = 6, .max_sessions = 9}), "login 6: refuse, locked");
    expect(scene.open({.number = 7, .ttl = 60}), "login 7: refuse, locked");
    expect(scene.open({.number = 8, .account = "bob"}), Scene::granted(8));
}

void a_lock_does_not_concern_who_is_exempt_or_in_a_trial_run(void** /*state*/) {
    Scene scene = locked_scene();
    expect(scene.open({.number = 5, .kind = Ruling::Kind::exempt}), "s5 opening\nlogin 5: grant, exempt, s5");
    expect(scene.open({.number = 6, .enforce = false}), "s6 opening\nlogin 6: grant, trial, s6");
}

void a_lock_refuses_those_who_wait(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    for (const int number : {2, 3, 4, 5})
        scene.open(rival(number, lock));
    scene.gone(1);
    expect(scene.gone(2), "s2 ended, superseded by s3, slot 0\n" + Scene::granted(3) +
                              "\ncontest: alice, lock\ns3 ending, terminated, slot 0\nend s3\n"
                              "login 4: refuse, contest, held by s3\nlogin 5: refuse, locked");
}

void a_lock_spares_other_accounts_sessions_of_the_same_leader(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    scene.open({.number = 10, .max_sessions = 2, .leader = 20});
    scene.open({.number = 20, .account = "bob"});
    Login login = rival(4, lock);
    login.max_sessions = 2;
    expect(scene.open(login), "contest: alice, lock\ns3 ending, terminated, slot 0\nend s3\n"
                              "login 4: refuse, contest, held by s3");
}

void a_lock_outlives_a_restart_and_any_time(void** /*state*/) {
    Scene scene = locked_scene();
    scene.restart();
    scene.now.wall += year;
    scene.now.boot += year;
    expect(scene.open(rival(5)), "login 5: refuse, locked");
}

void unlocked_an_account_is_as_if_there_had_been_nothing(void** /*state*/) {
    Scene scene = locked_scene();
    expect(scene.unlock(), "");
    expect(scene.note, "alice: superseded by host3");
    expect(scene.open(rival(5, lock)), Scene::granted(5));
    scene.confirm(5);
    take_over(scene, 6, lock);
    take_over(scene, 7, lock);
    expect(scene.open(rival(8, lock)), "contest: alice, lock\ns7 ending, terminated, slot 0\nend s7\n"
                                       "login 8: refuse, contest, held by s7");
}

void unlocking_ends_a_hold(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    scene.open(rival(4));
    scene.unlock();
    expect(scene.open(rival(5)), "s3 ending, superseded, slot 0\nend s3 for host5");
}

void unlocking_what_is_not_shut_says_so(void** /*state*/) {
    Scene scene = scene_at_the_limit();
    Effects effects;
    for (const char* const account : {"alice", "nobody"})
        assert_false(scene.registry.unlock(account, scene.now, effects));
    assert_true(effects.empty());
    Scene held = scene_at_the_limit();
    held.open(rival(4));
    assert_true(held.registry.unlock("alice", held.now, effects));
    assert_true(effects.empty()); // a hold is not on record
    assert_false(held.registry.unlock("alice", held.now, effects));
}

void an_account_that_is_unlocked_waits_for_the_sessions_that_the_lock_ends(void** /*state*/) {
    Scene scene = scene_at_the_limit(lock);
    scene.open(rival(4, lock));
    scene.unlock();
    expect(scene.open(rival(5, lock)), "");
    expect(scene.gone(3), "s3 ended, terminated, slot 0\n" + Scene::granted(5));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(one_superseding_too_many_is_refused_and_begins_a_hold),
        SOLO_TEST(in_a_hold_a_free_slot_is_granted),
        SOLO_TEST(in_a_hold_who_is_going_anyway_is_waited_for),
        SOLO_TEST(in_a_hold_the_other_accounts_supersede),
        SOLO_TEST(a_hold_ends_when_its_time_is_over),
        SOLO_TEST(a_jump_of_the_clock_neither_ends_nor_begins_a_hold),
        SOLO_TEST(after_a_hold_the_supersedings_before_it_are_forgotten),
        SOLO_TEST(those_who_alternate_slowly_never_trip),
        SOLO_TEST(a_superseding_counts_for_the_whole_window),
        SOLO_TEST(a_check_counts_nothing_and_begins_nothing),
        SOLO_TEST(a_login_that_may_not_supersede_is_no_contest),
        SOLO_TEST(a_trial_run_is_no_contest),
        SOLO_TEST(a_lock_ends_all_sessions_and_lets_nobody_in),
        SOLO_TEST(a_lock_does_not_concern_who_is_exempt_or_in_a_trial_run),
        SOLO_TEST(a_lock_refuses_those_who_wait),
        SOLO_TEST(a_lock_spares_other_accounts_sessions_of_the_same_leader),
        SOLO_TEST(a_lock_outlives_a_restart_and_any_time),
        SOLO_TEST(unlocked_an_account_is_as_if_there_had_been_nothing),
        SOLO_TEST(unlocking_ends_a_hold),
        SOLO_TEST(unlocking_what_is_not_shut_says_so),
        SOLO_TEST(an_account_that_is_unlocked_waits_for_the_sessions_that_the_lock_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
