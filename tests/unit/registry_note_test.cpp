// SPDX-License-Identifier: MIT
// Who is told that a session was superseded: whoever logs in next, once.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <chrono>
#include <string>

namespace {

using namespace solo;
using namespace solo::testing;

constexpr auto supersede = OnConflict::supersede;

/// Session 1 was superseded by session 2, which is active.
Scene superseded_scene() {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.gone(1);
    scene.confirm(2);
    return scene;
}

/// Logs in, confirms, and says what the person was told.
std::string told_to(Scene& scene, const Login& login) {
    scene.told.clear();
    scene.open(login);
    scene.confirm(login.number);
    return scene.told;
}

void a_login_is_told_which_session_it_has_ended(void** /*state*/) {
    const Scene scene = superseded_scene();
    expect(scene.told, "ended s1");
}

void the_next_login_is_told_by_whom_and_only_that(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    expect(told_to(scene, {.number = 3}), "ended by host2");
    expect(scene.note, "alice: nothing");
    scene.close(3);
    expect(told_to(scene, {.number = 4}), "");
}

void where_nobody_was_superseded_nobody_is_told(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.end(1);
    scene.open({.number = 2, .on_conflict = supersede});
    scene.gone(1);
    expect(scene.told, "");
    scene.close(2);
    expect(told_to(scene, {.number = 3}), "");
    assert_true(scene.notes.empty());
}

void who_supersedes_back_is_told_both(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.open({.number = 3, .on_conflict = supersede});
    scene.gone(2);
    expect(scene.told, "ended s2, ended by host2");
    scene.confirm(3);
    scene.close(3);
    expect(told_to(scene, {.number = 4}), "ended by host3");
}

void the_note_says_when(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.now.wall = 5'000'000;
    scene.open({.number = 2, .on_conflict = supersede});
    assert_int_equal(scene.notes.at("alice").superseded->when, 5'000'001);
    assert_int_equal(scene.notes.at("alice").uid.value_or(0), 1000);
}

void a_login_that_was_given_up_has_not_been_told(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    scene.open({.number = 3});
    expect(scene.told, "ended by host2");
    scene.line_closed(3);
    expect(told_to(scene, {.number = 4}), "ended by host2");
    scene.close(4);
    expect(told_to(scene, {.number = 5}), "");
}

void a_login_that_is_ended_before_it_is_confirmed_has_not_been_told(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    scene.open({.number = 3});
    scene.end(3);
    scene.gone(3);
    expect(told_to(scene, {.number = 4}), "ended by host2");
}

void a_login_that_closes_without_a_confirmation_has_been_told(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    scene.open({.number = 3});
    scene.close(3);
    expect(told_to(scene, {.number = 4}), "");
}

void while_one_is_being_told_another_is_not(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    scene.open({.number = 3, .max_sessions = 2});
    expect(told_to(scene, {.number = 4, .max_sessions = 2}), "");
    scene.confirm(3);
    expect(scene.note, "alice: nothing");
}

void the_confirmation_of_an_older_telling_does_not_forget_a_newer_superseding(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    scene.open({.number = 3});
    scene.open({.number = 4, .on_conflict = supersede});
    scene.confirm(3);
    scene.gone(3);
    expect(scene.told, "ended s3");
    scene.confirm(4);
    scene.close(4);
    expect(told_to(scene, {.number = 5}), "ended by host4");
}

void a_superseding_whose_login_is_abandoned_is_told(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.abandon(2);
    scene.gone(1);
    expect(told_to(scene, {.number = 3}), "ended by host2");
}

void a_superseding_whose_login_is_refused_is_told(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    scene.stuck(1);
    scene.gone(1);
    expect(told_to(scene, {.number = 3}), "ended by host2");
}

void several_superseded_at_once_are_one_note(void** /*state*/) {
    Scene scene;
    for (const int number : {1, 2})
        scene.open({.number = number, .max_sessions = 2});
    scene.open({.number = 3, .on_conflict = supersede});
    scene.gone(1);
    scene.gone(2);
    expect(scene.told, "ended s2");
    scene.confirm(3);
    scene.close(3);
    expect(told_to(scene, {.number = 4}), "ended by host3");
}

void who_takes_no_slot_of_their_own_is_not_told(void** /*state*/) {
    Scene scene = superseded_scene();
    expect(told_to(scene, {.number = 3, .count_by = CountBy::origin, .host = 2}), "");
    expect(told_to(scene, {.number = 4, .enforce = false}), "");
    expect(told_to(scene, {.number = 5, .kind = Ruling::Kind::exempt}), "");
    expect(told_to(scene, {.number = 6, .inside = 2}), "");
    expect(told_to(scene, {.number = 7}), "");
    expect(scene.note, "alice: superseded by host2");
}

void other_accounts_are_not_told(void** /*state*/) {
    Scene scene = superseded_scene();
    expect(told_to(scene, {.number = 3, .account = "bob"}), "");
}

void who_opens_a_lease_is_told(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    expect(told_to(scene, {.number = 3, .ttl = 30}), "ended by host2");
    scene.pass(std::chrono::seconds{30});
    scene.due();
    expect(told_to(scene, {.number = 4}), "");
}

// Over restarts.

void a_note_outlives_a_restart(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.restart();
    scene.close(2);
    expect(told_to(scene, {.number = 3}), "ended by host2");
    scene.restart();
    scene.close(3);
    expect(told_to(scene, {.number = 4}), "");
}

void a_superseding_that_a_restart_cut_short_is_told(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open({.number = 2, .on_conflict = supersede});
    expect(scene.restart(), "s1 ending, superseded, slot 0\nend s1");
    expect(scene.gone(1), "s1 ended, superseded, slot 0");
    expect(told_to(scene, {.number = 3}), "ended by host2");
}

void a_note_of_nothing_leaves_nothing_behind(void** /*state*/) {
    Scene scene = superseded_scene();
    scene.close(2);
    told_to(scene, {.number = 3});
    assert_true(scene.notes.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_login_is_told_which_session_it_has_ended),
        SOLO_TEST(the_next_login_is_told_by_whom_and_only_that),
        SOLO_TEST(where_nobody_was_superseded_nobody_is_told),
        SOLO_TEST(who_supersedes_back_is_told_both),
        SOLO_TEST(the_note_says_when),
        SOLO_TEST(a_login_that_was_given_up_has_not_been_told),
        SOLO_TEST(a_login_that_is_ended_before_it_is_confirmed_has_not_been_told),
        SOLO_TEST(a_login_that_closes_without_a_confirmation_has_been_told),
        SOLO_TEST(while_one_is_being_told_another_is_not),
        SOLO_TEST(the_confirmation_of_an_older_telling_does_not_forget_a_newer_superseding),
        SOLO_TEST(a_superseding_whose_login_is_abandoned_is_told),
        SOLO_TEST(a_superseding_whose_login_is_refused_is_told),
        SOLO_TEST(several_superseded_at_once_are_one_note),
        SOLO_TEST(who_takes_no_slot_of_their_own_is_not_told),
        SOLO_TEST(other_accounts_are_not_told),
        SOLO_TEST(who_opens_a_lease_is_told),
        SOLO_TEST(a_note_outlives_a_restart),
        SOLO_TEST(a_superseding_that_a_restart_cut_short_is_told),
        SOLO_TEST(a_note_of_nothing_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
