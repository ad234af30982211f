// SPDX-License-Identifier: MIT
// What ends by itself: logins with a longest time, and leases that are not renewed.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

constexpr std::int64_t year = 365LL * 24 * 3600 * 1'000'000;
constexpr auto supersede = OnConflict::supersede;

/// A scene in which session 1 lasts so many seconds, or is a lease of so many.
Scene scene_with(const Login& login) {
    Scene scene;
    scene.open(login);
    if (!login.ttl)
        scene.confirm(login.number);
    return scene;
}

std::string lease_granted(int number, int slot = 0) {
    const std::string session = "s" + std::to_string(number);
    return session + " active, slot " + std::to_string(slot) + "\nlogin " + std::to_string(number) +
           ": grant, free slot, " + session;
}

void a_session_that_has_lasted_long_enough_is_ended(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.pass(59s);
    expect(scene.due(), "");
    scene.pass(1s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
    expect(scene.due(), "");
    expect(scene.gone(1), "s1 ended, expired, slot 0");
    assert_false(scene.registry.next_deadline().has_value());
}

void one_that_has_not_been_confirmed_is_ended_as_well(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .lifetime = 60});
    scene.pass(60s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
}

void a_session_without_a_longest_time_has_no_deadline(void** /*state*/) {
    Scene scene = scene_with({.number = 1});
    assert_false(scene.registry.next_deadline().has_value());
    scene.now.boot += 100 * year;
    expect(scene.due(), "");
}

void the_time_of_a_login_that_waits_begins_with_its_grant(void** /*state*/) {
    Scene scene = scene_with({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede, .lifetime = 60});
    scene.pass(30s);
    scene.gone(1);
    scene.pass(59s);
    expect(scene.due(), "");
    scene.pass(1s);
    expect(scene.due(), "s2 ending, expired, slot 0\nend s2");
}

void the_next_deadline_is_the_earliest(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 3, .lifetime = 60});
    scene.open({.number = 2, .max_sessions = 3, .lifetime = 20});
    scene.open({.number = 3, .max_sessions = 3, .ttl = 40});
    const auto seconds = [&] { return scene.registry.next_deadline().value_or(0) / 1'000'000; };
    assert_int_equal(seconds(), 20);
    scene.close(2);
    assert_int_equal(seconds(), 40);
    scene.close(3);
    assert_int_equal(seconds(), 60);
}

void several_that_are_due_end_in_the_order_of_their_times(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .lifetime = 60});
    scene.open({.number = 2, .account = "bob", .lifetime = 20});
    scene.open({.number = 3, .account = "carol", .ttl = 40});
    scene.pass(60s);
    expect(scene.due(), "s2 ending, expired, slot 0\nend s2\ns3 ended, lease-lapsed, slot 0\n"
                        "s1 ending, expired, slot 0\nend s1");
}

void what_is_ending_already_keeps_its_reason(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.end(1);
    scene.pass(60s);
    expect(scene.due(), "");
    expect(scene.gone(1), "s1 ended, terminated, slot 0");
}

void an_expired_session_holds_its_slot_until_it_is_gone(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.pass(60s);
    scene.due();
    expect(scene.open({.number = 2}), "login 2: refuse, occupied, held by s1");
    expect(scene.open({.number = 3, .on_conflict = supersede}), "");
    expect(scene.gone(1), "s1 ended, expired, slot 0\n" + Scene::granted(3));
}

void in_a_trial_run_no_session_expires(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .enforce = false, .lifetime = 60});
    expect(scene.adopt({.number = 2, .account = "bob", .enforce = false, .lifetime = 60}),
           "s2 active, slot 0");
    assert_false(scene.registry.next_deadline().has_value());
}

void an_adopted_session_lasts_from_its_adoption(void** /*state*/) {
    Scene scene;
    scene.adopt({.number = 1, .lifetime = 60});
    scene.pass(60s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
}

void a_restart_changes_no_deadline(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.pass(30s);
    scene.restart({.lifetime = 1}); // what the configuration says now is for new logins
    scene.pass(29s);
    expect(scene.due(), "");
    scene.pass(1s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
}

void what_reached_its_time_while_the_daemon_was_down_ends_at_its_start(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .lifetime = 60});
    scene.confirm(1);
    scene.open({.number = 2, .account = "bob", .ttl = 60});
    scene.pass(100s);
    scene.restart();
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1\ns2 ended, lease-lapsed, slot 0");
}

void a_jump_of_the_clock_ends_nothing_and_keeps_nothing(void** /*state*/) {
    for (const std::int64_t jump : {-20 * year, 20 * year}) {
        Scene scene;
        scene.open({.number = 1, .max_sessions = 2, .lifetime = 60});
        scene.open({.number = 2, .max_sessions = 2, .ttl = 60});
        scene.now.wall += jump;
        expect(scene.due(), "");
        expect(scene.renew(2), "renewed to 60");
        scene.pass(60s);
        expect(scene.due(), "s1 ending, expired, slot 0\nend s1\ns2 ended, lease-lapsed, slot 1");
    }
}

// One process with several sessions: it cannot end for one of them.

void a_session_whose_leader_leads_others_expires_with_the_last_of_them(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.open({.number = 2, .account = "bob", .leader = 1});
    scene.pass(60s);
    expect(scene.due(), "");
    expect(scene.close(2), "s2 ended, logout, slot 0");
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
}

void a_restart_that_knows_one_of_them_only_does_not_end_them_yet(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.open({.number = 2, .account = "bob", .leader = 1});
    scene.open({.number = 3, .account = "carol", .leader = 1});
    scene.pass(60s);
    const auto stored = scene.stored;
    scene.registry = Registry{};
    expect(scene.restore(stored.at(session_id(1)), Survival::alive), "");
    expect(scene.restore(stored.at(session_id(2)), Survival::nothing), "s2 ended, lost, slot 0");
    expect(scene.restore(stored.at(session_id(3)), Survival::alive), "s3 active, slot 0");
    expect(scene.due(), "");
}

void sessions_of_one_leader_expire_together(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.open({.number = 2, .account = "bob", .leader = 1, .lifetime = 90});
    scene.pass(89s);
    expect(scene.due(), "");
    scene.pass(1s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1\ns2 ending, expired, slot 0\nend s2");
}

void what_is_ending_already_beside_others_of_its_leader_keeps_its_reason(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    scene.open({.number = 2, .account = "bob", .leader = 1, .lifetime = 60});
    scene.end(2);
    scene.pass(60s);
    expect(scene.due(), "s1 ending, expired, slot 0\nend s1");
    expect(scene.gone(2), "s2 ended, terminated, slot 0");
}

// Leases.

void a_lease_is_active_at_once_and_has_no_leader(void** /*state*/) {
    Scene scene;
    expect(scene.open({.number = 1, .ttl = 30}), lease_granted(1));
    assert_false(scene.stored.at(session_id(1)).has_leader());
    assert_int_equal(scene.stored.at(session_id(1)).lease->opened_by, 33);
}

void a_lease_needs_a_slot_like_any_login(void** /*state*/) {
    Scene scene = scene_with({.number = 1});
    expect(scene.open({.number = 2, .ttl = 30}), "login 2: refuse, occupied, held by s1");
    scene.open({.number = 3, .on_conflict = supersede, .ttl = 30});
    expect(scene.gone(1), "s1 ended, superseded by s3, slot 0\n" + lease_granted(3));
    expect(scene.open({.number = 4}), "login 4: refuse, occupied, held by s3");
}

void a_lease_is_superseded_like_any_session(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    expect(scene.open({.number = 2, .on_conflict = supersede}),
           "s1 ending, superseded, slot 0\nend s1 for host2");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2));
}

void a_lease_that_is_not_renewed_lapses_and_frees_its_slot(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    scene.pass(30s);
    expect(scene.due(), "s1 ended, lease-lapsed, slot 0");
    expect(scene.open({.number = 2, .ttl = 30}), lease_granted(2));
}

void a_lapsed_lease_frees_its_slot_for_who_waits(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2});
    scene.open({.number = 2, .max_sessions = 2, .ttl = 30});
    scene.end(1);
    scene.open({.number = 3, .on_conflict = supersede, .max_sessions = 2});
    scene.pass(30s);
    expect(scene.due(), "s2 ended, lease-lapsed, slot 1\n" + Scene::granted(3, 1));
}

void a_lease_lasts_as_long_as_it_is_renewed(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    for (int beat = 1; beat <= 10; ++beat) {
        scene.pass(20s);
        expect(scene.renew(1), "renewed to " + std::to_string(20 * beat + 30));
        expect(scene.due(), "");
    }
    assert_int_equal(scene.stored.at(session_id(1)).lease->lapses / 1'000'000, 230);
    scene.pass(30s);
    expect(scene.due(), "s1 ended, lease-lapsed, slot 0");
}

void the_time_of_a_lease_that_waits_begins_with_its_grant(void** /*state*/) {
    Scene scene = scene_with({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede, .ttl = 3});
    scene.pass(5s);
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + lease_granted(2));
    expect(scene.due(), "");
    assert_int_equal(scene.registry.next_deadline().value_or(0) / 1'000'000, 8);
}

void a_lease_cannot_be_renewed_beyond_its_longest_time(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30, .lifetime = 70});
    for (const auto* const until : {"renewed to 50", "renewed to 70", "renewed to 70"}) {
        scene.pass(20s);
        expect(scene.renew(1), until);
    }
    scene.pass(10s);
    expect(scene.due(), "s1 ended, expired, slot 0");
}

void a_lease_that_lapsed_before_its_longest_time_has_lapsed(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30, .lifetime = 70});
    scene.pass(100s);
    expect(scene.due(), "s1 ended, lease-lapsed, slot 0");
}

void a_lease_that_is_over_cannot_be_renewed(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    scene.pass(30s);
    expect(scene.renew(1), ""); // its end is there, even if nobody has seen it yet
    expect(scene.due(), "s1 ended, lease-lapsed, slot 0");
    expect(scene.renew(1), "");
}

void a_lease_that_is_being_ended_cannot_be_renewed(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    scene.end(1);
    expect(scene.renew(1), "");
}

void what_is_no_lease_cannot_be_renewed(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .lifetime = 60});
    expect(scene.renew(1), "");
    expect(scene.renew(7), "");
}

void a_lease_that_is_closed_is_over(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    expect(scene.close(1), "s1 ended, logout, slot 0");
    assert_false(scene.registry.next_deadline().has_value());
}

void a_lease_is_nobodys_retry_and_leads_nobody(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    expect(scene.open({.number = 2, .max_sessions = 2, .nonce = 1, .ttl = 30}), lease_granted(2, 1));
    assert_false(scene.registry.find_led_by({}).has_value());
    assert_false(scene.registry.shares_leader(*scene.registry.find(session_id(1))));
    expect(scene.open({.number = 3, .on_conflict = supersede, .max_sessions = 2, .ttl = 30}),
           "s1 ending, superseded, slot 0\nend s1 for host3");
}

void a_renewed_lease_keeps_its_time_over_a_restart(void** /*state*/) {
    Scene scene = scene_with({.number = 1, .ttl = 30});
    scene.pass(20s);
    scene.renew(1);
    scene.restart();
    scene.pass(20s);
    expect(scene.due(), "");
    expect(scene.renew(1), "renewed to 70");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_session_that_has_lasted_long_enough_is_ended),
        SOLO_TEST(one_that_has_not_been_confirmed_is_ended_as_well),
        SOLO_TEST(a_session_without_a_longest_time_has_no_deadline),
        SOLO_TEST(the_time_of_a_login_that_waits_begins_with_its_grant),
        SOLO_TEST(the_next_deadline_is_the_earliest),
        SOLO_TEST(several_that_are_due_end_in_the_order_of_their_times),
        SOLO_TEST(what_is_ending_already_keeps_its_reason),
        SOLO_TEST(an_expired_session_holds_its_slot_until_it_is_gone),
        SOLO_TEST(in_a_trial_run_no_session_expires),
        SOLO_TEST(an_adopted_session_lasts_from_its_adoption),
        SOLO_TEST(a_restart_changes_no_deadline),
        SOLO_TEST(what_reached_its_time_while_the_daemon_was_down_ends_at_its_start),
        SOLO_TEST(a_jump_of_the_clock_ends_nothing_and_keeps_nothing),
        SOLO_TEST(a_session_whose_leader_leads_others_expires_with_the_last_of_them),
        SOLO_TEST(a_restart_that_knows_one_of_them_only_does_not_end_them_yet),
        SOLO_TEST(sessions_of_one_leader_expire_together),
        SOLO_TEST(what_is_ending_already_beside_others_of_its_leader_keeps_its_reason),
        SOLO_TEST(a_lease_is_active_at_once_and_has_no_leader),
        SOLO_TEST(a_lease_needs_a_slot_like_any_login),
        SOLO_TEST(a_lease_is_superseded_like_any_session),
        SOLO_TEST(a_lease_that_is_not_renewed_lapses_and_frees_its_slot),
        SOLO_TEST(a_lapsed_lease_frees_its_slot_for_who_waits),
        SOLO_TEST(a_lease_lasts_as_long_as_it_is_renewed),
        SOLO_TEST(the_time_of_a_lease_that_waits_begins_with_its_grant),
        SOLO_TEST(a_lease_cannot_be_renewed_beyond_its_longest_time),
        SOLO_TEST(a_lease_that_lapsed_before_its_longest_time_has_lapsed),
        SOLO_TEST(a_lease_that_is_over_cannot_be_renewed),
        SOLO_TEST(a_lease_that_is_being_ended_cannot_be_renewed),
        SOLO_TEST(what_is_no_lease_cannot_be_renewed),
        SOLO_TEST(a_lease_that_is_closed_is_over),
        SOLO_TEST(a_lease_is_nobodys_retry_and_leads_nobody),
        SOLO_TEST(a_renewed_lease_keeps_its_time_over_a_restart),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
