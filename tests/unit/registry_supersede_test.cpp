// SPDX-License-Identifier: MIT
// Logins that wait for another session's end, and who may not be superseded.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <chrono>
#include <string>

namespace {

using namespace solo;
using namespace solo::testing;

constexpr auto supersede = OnConflict::supersede;

void a_login_that_supersedes_waits_until_the_holder_is_gone(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .on_conflict = supersede}),
           "s1 ending, superseded, slot 0\nend s1 for host2");
    expect(scene.close(1), "");
    expect(scene.line_closed(1), "");
    expect(scene.leader_exited(1), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2));
    expect(scene.gone(1), "");
}

void the_grace_time_of_the_holder_counts(void** /*state*/) {
    Registry registry;
    Effects effects;
    Claim holder = claim_of({.number = 1});
    holder.ruling.rules.grace_time.value = std::chrono::seconds{7};
    registry.open(holder, at(1), effects);
    effects.clear();
    registry.open(claim_of({.number = 2, .on_conflict = supersede}), at(2), effects);
    assert_int_equal(std::get<BeginEnding>(effects.back()).grace_time.count(), 7000);
}

void the_oldest_holder_is_superseded(void** /*state*/) {
    Scene scene;
    for (const int number : {1, 2, 3})
        scene.open({.number = number, .max_sessions = 3});
    scene.close(1);
    scene.open({.number = 4, .max_sessions = 3});
    expect(scene.open({.number = 5, .on_conflict = supersede, .max_sessions = 3}),
           "s2 ending, superseded, slot 1\nend s2 for host5");
    expect(scene.gone(2), "s2 ended, superseded by s5, slot 1\n" + Scene::granted(5, 1));
}

void a_holder_that_is_being_ended_already_is_waited_for(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.end(1);
    expect(scene.open({.number = 2, .on_conflict = supersede}), "");
    expect(scene.gone(1), "s1 ended, terminated, slot 0\n" + Scene::granted(2));
}

void no_holder_is_superseded_where_another_is_going_anyway(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2});
    scene.open({.number = 2, .max_sessions = 2});
    scene.end(2);
    expect(scene.open({.number = 3, .on_conflict = supersede, .max_sessions = 2}), "");
    expect(scene.gone(2), "s2 ended, terminated, slot 1\n" + Scene::granted(3, 1));
    expect(scene.confirm(1), "s1 active, slot 0");
}

void a_slot_that_any_holder_leaves_is_granted_to_who_waits(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2});
    scene.open({.number = 2, .max_sessions = 2});
    scene.open({.number = 3, .on_conflict = supersede, .max_sessions = 2});
    expect(scene.close(2), "s2 ended, logout, slot 1\n" + Scene::granted(3, 1));
    expect(scene.gone(1), "s1 ended, superseded, slot 0");
}

void logins_that_wait_are_served_in_their_order(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.open({.number = 3, .on_conflict = supersede}), "");
    expect(scene.open({.number = 4, .on_conflict = supersede}), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) +
                              "\ns2 ending, superseded, slot 0\nend s2 for host3");
    expect(scene.gone(2), "s2 ended, superseded by s3, slot 0\n" + Scene::granted(3) +
                              "\ns3 ending, superseded, slot 0\nend s3 for host4");
    expect(scene.gone(3), "s3 ended, superseded by s4, slot 0\n" + Scene::granted(4));
}

void a_login_that_may_not_supersede_is_refused_while_others_wait(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.open({.number = 3}), "login 3: refuse, occupied, held by s1");
}

void a_login_with_a_higher_limit_does_not_overtake_one_that_waits(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.open({.number = 3, .max_sessions = 3}), "");
    expect(scene.open({.number = 4, .kind = Ruling::Kind::exempt}), "s4 opening\nlogin 4: grant, exempt, s4");
    expect(scene.gone(1),
           "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) + "\n" + Scene::granted(3, 1));
}

void a_login_in_a_trial_run_that_waited_its_turn_is_granted_without_a_slot(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.open({.number = 3, .max_sessions = 2});
    expect(scene.open({.number = 4, .max_sessions = 2, .enforce = false}), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) + "\n" +
                              Scene::granted(3, 1) + "\ns4 opening\nlogin 4: grant, trial, held by s2, s4");
}

void a_holder_that_is_stuck_refuses_all_who_wait(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.open({.number = 3, .on_conflict = supersede});
    expect(scene.stuck(1), "login 2: refuse, not gone, held by s1\nlogin 3: refuse, not gone, held by s1");
    expect(scene.open({.number = 4, .on_conflict = supersede}), "login 4: refuse, not gone, held by s1");
    expect(scene.open({.number = 5}), "login 5: refuse, occupied, held by s1");
    expect(scene.stuck(1), "");
}

void a_stuck_holder_that_goes_later_frees_its_slot(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.stuck(1);
    expect(scene.close(1), "");
    expect(scene.gone(1), "s1 ended, superseded, slot 0");
    expect(scene.open({.number = 3}), Scene::granted(3));
}

void beside_a_stuck_holder_one_that_is_going_is_waited_for(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2});
    scene.open({.number = 2, .max_sessions = 2});
    scene.end(1);
    scene.stuck(1);
    scene.end(2);
    expect(scene.open({.number = 3, .on_conflict = supersede, .max_sessions = 2}), "");
    expect(scene.gone(2), "s2 ended, terminated, slot 1\n" + Scene::granted(3, 1));
}

void a_lowered_limit_supersedes_as_many_as_are_too_many(void** /*state*/) {
    Scene scene;
    for (const int number : {1, 2, 3})
        scene.open({.number = number, .max_sessions = 3});
    expect(scene.open({.number = 4, .max_sessions = 2}), "login 4: refuse, occupied, held by s1");
    expect(
        scene.open({.number = 5, .on_conflict = supersede, .max_sessions = 2}),
        "s1 ending, superseded, slot 0\nend s1 for host5\ns2 ending, superseded, slot 1\nend s2 for host5");
    expect(scene.gone(2), "s2 ended, superseded by s5, slot 1");
    expect(scene.gone(1), "s1 ended, superseded by s5, slot 0\n" + Scene::granted(5, 0));
    assert_int_equal(scene.registry.size(), 2);
}

void one_stuck_holder_of_several_refuses_the_login_that_needs_all_gone(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2});
    scene.open({.number = 2, .max_sessions = 2});
    scene.open({.number = 3, .on_conflict = supersede});
    expect(scene.stuck(2), "login 3: refuse, not gone, held by s2");
}

void a_holder_whose_leader_leads_other_sessions_is_not_superseded(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.active({.number = 2, .account = "bob", .leader = 1});
    expect(scene.open({.number = 3, .on_conflict = supersede}), "login 3: refuse, shared leader, held by s1");
    scene.close(2);
    expect(scene.open({.number = 4, .on_conflict = supersede}),
           "s1 ending, superseded, slot 0\nend s1 for host4");
}

void a_holder_whose_leader_wants_the_slot_is_not_superseded(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .on_conflict = supersede, .leader = 1}),
           "login 2: refuse, shared leader, held by s1");
}

void a_pid_that_is_used_again_is_another_leader(void** /*state*/) {
    Scene scene;
    assert_int_equal(leader_of(1).pid, leader_of(6).pid);
    scene.active({.number = 1});
    scene.active({.number = 6, .account = "bob"});
    expect(scene.open({.number = 2, .on_conflict = supersede}),
           "s1 ending, superseded, slot 0\nend s1 for host2");
}

void a_session_is_found_by_its_leader_until_it_is_over(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.active({.number = 6, .account = "bob"});
    assert_true(scene.registry.find_led_by(leader_of(6)) == session_id(6));
    assert_false(scene.registry.find_led_by(leader_of(11)).has_value());
    scene.close(6);
    assert_false(scene.registry.find_led_by(leader_of(6)).has_value());
    assert_true(scene.registry.find_led_by(leader_of(1)) == session_id(1));
}

void when_the_first_that_waits_goes_away_the_next_is_served(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.open({.number = 3, .on_conflict = supersede});
    expect(scene.abandon(2), "");
    expect(scene.gone(1), "s1 ended, superseded by s3, slot 0\n" + Scene::granted(3));
}

void when_another_that_waits_goes_away_the_order_stays(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    for (const int number : {2, 3, 4})
        scene.open({.number = number, .on_conflict = supersede});
    expect(scene.abandon(3), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) +
                              "\ns2 ending, superseded, slot 0\nend s2 for host4");
}

void when_all_that_wait_go_away_the_holder_is_ended_all_the_same(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.abandon(2), "");
    expect(scene.gone(1), "s1 ended, superseded, slot 0");
    assert_int_equal(scene.registry.size(), 0);
}

void a_login_behind_one_that_goes_away_gets_its_answer_at_once_if_it_can(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.open({.number = 3, .max_sessions = 2});
    expect(scene.abandon(2), Scene::granted(3, 1));
}

void abandoning_what_does_not_wait_does_nothing(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    for (const RequestId request : {RequestId{1}, RequestId{9}})
        expect(scene.abandon(request), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2));
    Scene empty;
    expect(empty.abandon(2), "");
}

void an_answer_says_whether_it_came_with_its_claim(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    assert_false(scene.has_waited);
    scene.open({.number = 2, .on_conflict = OnConflict::supersede});
    scene.gone(1);
    assert_true(scene.has_waited);
    scene.open({.number = 3});
    assert_false(scene.has_waited);
    scene.open({.number = 4, .on_conflict = OnConflict::supersede});
    scene.stuck(2);
    assert_true(scene.has_waited);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_login_that_supersedes_waits_until_the_holder_is_gone),
        SOLO_TEST(the_grace_time_of_the_holder_counts),
        SOLO_TEST(the_oldest_holder_is_superseded),
        SOLO_TEST(a_holder_that_is_being_ended_already_is_waited_for),
        SOLO_TEST(no_holder_is_superseded_where_another_is_going_anyway),
        SOLO_TEST(a_slot_that_any_holder_leaves_is_granted_to_who_waits),
        SOLO_TEST(logins_that_wait_are_served_in_their_order),
        SOLO_TEST(a_login_that_may_not_supersede_is_refused_while_others_wait),
        SOLO_TEST(a_login_with_a_higher_limit_does_not_overtake_one_that_waits),
        SOLO_TEST(a_login_in_a_trial_run_that_waited_its_turn_is_granted_without_a_slot),
        SOLO_TEST(a_holder_that_is_stuck_refuses_all_who_wait),
        SOLO_TEST(a_stuck_holder_that_goes_later_frees_its_slot),
        SOLO_TEST(beside_a_stuck_holder_one_that_is_going_is_waited_for),
        SOLO_TEST(a_lowered_limit_supersedes_as_many_as_are_too_many),
        SOLO_TEST(one_stuck_holder_of_several_refuses_the_login_that_needs_all_gone),
        SOLO_TEST(a_holder_whose_leader_leads_other_sessions_is_not_superseded),
        SOLO_TEST(a_holder_whose_leader_wants_the_slot_is_not_superseded),
        SOLO_TEST(a_pid_that_is_used_again_is_another_leader),
        SOLO_TEST(a_session_is_found_by_its_leader_until_it_is_over),
        SOLO_TEST(when_the_first_that_waits_goes_away_the_next_is_served),
        SOLO_TEST(when_another_that_waits_goes_away_the_order_stays),
        SOLO_TEST(when_all_that_wait_go_away_the_holder_is_ended_all_the_same),
        SOLO_TEST(a_login_behind_one_that_goes_away_gets_its_answer_at_once_if_it_can),
        SOLO_TEST(abandoning_what_does_not_wait_does_nothing),
        SOLO_TEST(an_answer_says_whether_it_came_with_its_claim),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
