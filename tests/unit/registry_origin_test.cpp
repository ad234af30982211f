// SPDX-License-Identifier: MIT
// CountBy=origin: the sessions of one device share a slot.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <optional>
#include <string>
#include <utility>

namespace {

using namespace solo;
using namespace solo::testing;

constexpr auto supersede = OnConflict::supersede;
constexpr auto by_origin = CountBy::origin;

/// A login from that host, where one device takes one slot.
Login from(int host, int number) {
    return {.number = number, .on_conflict = supersede, .count_by = by_origin, .host = host};
}

std::string shared(int number, int share, int slot = 0) {
    const std::string session = "s" + std::to_string(number);
    return session + " opening, slot " + std::to_string(slot) + " shared " + std::to_string(share) +
           "\nlogin " + std::to_string(number) + ": grant, same origin, " + session;
}

/// A host where two sessions of host 1 share slot 0.
Scene scene_of_two() {
    Scene scene;
    scene.open(from(1, 1));
    scene.open(from(1, 2));
    return scene;
}

void a_login_from_the_same_host_shares_the_slot(void** /*state*/) {
    Scene scene;
    scene.active(from(1, 1));
    expect(scene.open(from(1, 2)), shared(2, 1));
    expect(scene.open(from(1, 3)), shared(3, 2));
}

void where_sessions_count_it_takes_a_slot(void** /*state*/) {
    Scene scene;
    scene.active(from(1, 1));
    expect(scene.open({.number = 2, .host = 1}), "login 2: refuse, occupied, held by s1");
}

void a_login_from_another_host_does_not_share(void** /*state*/) {
    Scene scene = scene_of_two();
    expect(scene.open({.number = 3, .count_by = by_origin}), "login 3: refuse, occupied, held by s1");
}

void a_place_in_the_slot_is_used_again(void** /*state*/) {
    Scene scene = scene_of_two();
    scene.open(from(1, 3));
    scene.close(2);
    expect(scene.open(from(1, 4)), shared(4, 1));
    scene.close(1);
    expect(scene.open(from(1, 5)),
           "s5 opening, slot 0\nlogin 5: grant, same origin, s5"); // the first one's place
}

void the_slot_is_free_when_the_last_is_gone(void** /*state*/) {
    Scene scene = scene_of_two();
    const Login other{.number = 3, .count_by = by_origin};
    scene.close(1);
    expect(scene.open(other), "login 3: refuse, occupied, held by s2");
    scene.close(2);
    expect(scene.open(other), Scene::granted(3));
}

void superseding_a_shared_slot_ends_all_and_waits_for_all(void** /*state*/) {
    Scene scene = scene_of_two();
    expect(scene.open(from(3, 3)), "s1 ending, superseded, slot 0\nend s1 for host3\n"
                                   "s2 ending, superseded, slot 0 shared 1\nend s2 for host3");
    expect(scene.gone(1), "s1 ended, superseded by s3, slot 0");
    expect(scene.gone(2), "s2 ended, superseded by s3, slot 0 shared 1\n" + Scene::granted(3));
}

void superseding_a_shared_slot_is_one_superseding(void** /*state*/) {
    Scene scene = scene_of_two();
    Login second = from(3, 3);
    second.contest_limit = 2;
    scene.open(second);
    scene.gone(1);
    scene.gone(2);
    Login third = from(4, 4);
    third.contest_limit = 2;
    expect(scene.open(third), "s3 ending, superseded, slot 0\nend s3 for host4");
}

void one_stuck_sharer_keeps_the_slot(void** /*state*/) {
    Scene scene = scene_of_two();
    scene.open(from(3, 3));
    scene.gone(1);
    expect(scene.stuck(2), "login 3: refuse, not gone, held by s2");
}

void a_sharer_that_cannot_be_ended_alone_keeps_all(void** /*state*/) {
    Scene scene;
    scene.active(from(1, 1));
    Login second = from(1, 2);
    second.leader = 9;
    scene.open(second);
    scene.open({.number = 9, .account = "bob"});
    expect(scene.open(from(3, 3)), "login 3: refuse, shared leader, held by s2");
}

void a_session_that_is_ending_is_no_company(void** /*state*/) {
    Scene scene;
    scene.active(from(1, 1));
    scene.end(1);
    expect(scene.open(from(1, 2)), "");
    expect(scene.gone(1), "s1 ended, terminated, slot 0\n" + Scene::granted(2));
}

void beside_an_ending_sharer_another_is_company(void** /*state*/) {
    Scene scene = scene_of_two();
    scene.end(1);
    expect(scene.open(from(1, 3)), shared(3, 2));
}

void a_slot_that_one_sharer_leaves_is_not_going(void** /*state*/) {
    Scene scene = scene_of_two();
    scene.end(1);
    expect(scene.open(from(3, 3)), "s2 ending, superseded, slot 0 shared 1\nend s2 for host3");
}

void the_limit_counts_devices(void** /*state*/) {
    Scene scene;
    const auto open = [&](int host, int number) {
        Login login = from(host, number);
        login.on_conflict = OnConflict::refuse;
        login.max_sessions = 2;
        return scene.open(login);
    };
    open(1, 1);
    expect(open(1, 2), shared(2, 1));
    expect(open(3, 3), Scene::granted(3, 1));
    expect(open(3, 4), shared(4, 1, 1));
    expect(open(5, 5), "login 5: refuse, occupied, held by s1");
}

void a_device_with_two_slots_shares_the_older(void** /*state*/) {
    Scene scene;
    scene.open({.number = 1, .max_sessions = 2, .host = 1});
    scene.open({.number = 2, .max_sessions = 2, .host = 1});
    expect(scene.open(from(1, 3)), shared(3, 1));
}

void of_two_that_wait_from_one_host_the_second_shares(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open(from(7, 2));
    scene.open(from(7, 3));
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) + "\n" + shared(3, 1));
}

void a_sharer_is_let_in_while_another_device_waits(void** /*state*/) {
    Scene scene;
    Login first = from(1, 1);
    first.max_sessions = 2;
    scene.open(first);
    scene.open({.number = 2, .max_sessions = 2});
    scene.end(2);
    Login waiting = from(3, 3);
    waiting.max_sessions = 2;
    expect(scene.open(waiting), "");
    expect(scene.open(from(1, 4)), shared(4, 1));
    expect(scene.gone(2), "s2 ended, terminated, slot 1\n" + Scene::granted(3, 1));
}

void sharers_keep_their_places_over_a_restart(void** /*state*/) {
    Scene scene = scene_of_two();
    scene.restart();
    expect(scene.open(from(1, 3)), shared(3, 2));
}

/// What a login from this origin is answered where another one is held.
std::string second_login(protocol::Origin held, protocol::Origin wanted) {
    Registry registry;
    Effects effects;
    Claim first = claim_of(from(1, 1));
    first.origin = std::move(held);
    registry.open(first, at(1), effects);
    Claim second = claim_of({.number = 2, .count_by = by_origin});
    second.origin = std::move(wanted);
    return text(registry.decide(second, at(2)).because);
}

void an_origin_is_the_host_or_without_one_the_terminal(void** /*state*/) {
    using Text = std::optional<std::string>;
    struct Case {
        const char* what;
        Text rhost, tty, other_rhost, other_tty;
        const char* answer;
    };
    const Case cases[] = {
        {"one host", "h", "pts/1", "h", "pts/2", "same origin"},
        {"two hosts", "h", "pts/1", "i", "pts/1", "occupied"},
        {"a host and the console", "h", "tty1", {}, "tty1", "occupied"},
        {"the console and a host", {}, "tty1", "h", "tty1", "occupied"},
        {"one terminal", {}, "tty1", {}, "tty1", "same origin"},
        {"an empty host is none", "", "tty1", {}, "tty1", "same origin"},
        {"two terminals", {}, "tty1", {}, "tty2", "occupied"},
        {"nowhere", {}, {}, {}, {}, "occupied"},
        {"nowhere, empty", "", "", "", "", "occupied"},
    };
    for (const Case& one : cases)
        expect(second_login({.service = "a", .tty = one.tty, .rhost = one.rhost, .ruser = {}},
                            {.service = "b", .tty = one.other_tty, .rhost = one.other_rhost, .ruser = {}}),
               one.answer, one.what);
}

void adopted_logins_of_one_host_share_a_slot(void** /*state*/) {
    Scene scene;
    expect(scene.adopt(from(1, 1)), "s1 active, slot 0");
    expect(scene.adopt(from(1, 2)), "s2 active, slot 0 shared 1");
    expect(scene.adopt(from(3, 3)), "s3 active, slot 1");
}

void adopted_logins_hold_slots_beyond_the_limit(void** /*state*/) {
    Scene scene;
    expect(scene.adopt({.number = 1}), "s1 active, slot 0");
    expect(scene.adopt({.number = 2}), "s2 active, slot 1");
    expect(scene.adopt({.number = 3, .kind = Ruling::Kind::exempt}), "s3 active");
    expect(scene.open({.number = 4}), "login 4: refuse, occupied, held by s1");
    scene.close(1);
    expect(scene.open({.number = 5}), "login 5: refuse, occupied, held by s2");
    scene.close(2);
    expect(scene.open({.number = 6}), Scene::granted(6));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_login_from_the_same_host_shares_the_slot),
        SOLO_TEST(where_sessions_count_it_takes_a_slot),
        SOLO_TEST(a_login_from_another_host_does_not_share),
        SOLO_TEST(a_place_in_the_slot_is_used_again),
        SOLO_TEST(the_slot_is_free_when_the_last_is_gone),
        SOLO_TEST(superseding_a_shared_slot_ends_all_and_waits_for_all),
        SOLO_TEST(superseding_a_shared_slot_is_one_superseding),
        SOLO_TEST(one_stuck_sharer_keeps_the_slot),
        SOLO_TEST(a_sharer_that_cannot_be_ended_alone_keeps_all),
        SOLO_TEST(a_session_that_is_ending_is_no_company),
        SOLO_TEST(beside_an_ending_sharer_another_is_company),
        SOLO_TEST(a_slot_that_one_sharer_leaves_is_not_going),
        SOLO_TEST(the_limit_counts_devices),
        SOLO_TEST(a_device_with_two_slots_shares_the_older),
        SOLO_TEST(of_two_that_wait_from_one_host_the_second_shares),
        SOLO_TEST(a_sharer_is_let_in_while_another_device_waits),
        SOLO_TEST(sharers_keep_their_places_over_a_restart),
        SOLO_TEST(an_origin_is_the_host_or_without_one_the_terminal),
        SOLO_TEST(adopted_logins_of_one_host_share_a_slot),
        SOLO_TEST(adopted_logins_hold_slots_beyond_the_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
