// SPDX-License-Identifier: MIT
// OnConflict=ask, and what a trial run says would have happened.
#include "daemon/core/registry.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/registry_scene.hpp"

#include <string>

namespace {

using namespace solo;
using namespace solo::testing;

Login asking(int number, Consent consent) {
    return {.number = number, .on_conflict = OnConflict::ask, .consent = consent};
}

void who_can_be_asked_is_asked(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.decide(asking(2, Consent::unasked)), "login 2: ask, occupied, held by s1");
}

void with_consent_the_holder_is_superseded(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open(asking(2, Consent::given)), "s1 ending, superseded, slot 0\nend s1 for host2");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2));
}

void without_consent_the_login_is_refused(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open(asking(2, Consent::none)), "login 2: refuse, occupied, held by s1");
}

void nobody_is_asked_where_a_slot_is_free(void** /*state*/) {
    Scene scene;
    for (const Consent consent : {Consent::unasked, Consent::none, Consent::given})
        expect(scene.decide(asking(2, consent)), "login 2: grant, free slot");
}

void nobody_is_asked_where_the_holder_is_going_anyway(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.end(1);
    expect(scene.decide(asking(2, Consent::unasked)), "login 2: supersede, occupied, held by s1");
    expect(scene.open(asking(2, Consent::none)), "");
    expect(scene.gone(1), "s1 ended, terminated, slot 0\n" + Scene::granted(2));
}

void nobody_is_asked_where_a_yes_would_not_help(void** /*state*/) {
    Scene stuck = scene_of(In::stuck);
    expect(stuck.decide(asking(2, Consent::unasked)), "login 2: refuse, not gone, held by s1");
    Scene shared;
    shared.active({.number = 1});
    shared.open({.number = 9, .account = "bob", .leader = 1});
    expect(shared.decide(asking(2, Consent::unasked)), "login 2: refuse, shared leader, held by s1");
}

void consent_ends_nobody_where_the_policy_refuses(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .consent = Consent::given}), "login 2: refuse, occupied, held by s1");
}

void behind_one_that_waits_the_consent_still_counts(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    scene.open(asking(2, Consent::given));
    scene.open(asking(3, Consent::given));
    expect(scene.open(asking(4, Consent::none)), "");
    expect(scene.gone(1), "s1 ended, superseded by s2, slot 0\n" + Scene::granted(2) +
                              "\ns2 ending, superseded, slot 0\nend s2 for host3");
    expect(scene.gone(2), "s2 ended, superseded by s3, slot 0\n" + Scene::granted(3) +
                              "\nlogin 4: refuse, occupied, held by s3");
}

void consent_is_no_way_round_a_contest(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    Login second = asking(2, Consent::given);
    Login third = asking(3, Consent::given);
    second.contest_limit = third.contest_limit = 1;
    scene.open(second);
    scene.gone(1);
    expect(scene.open(third), "contest: alice, refuse\nlogin 3: refuse, contest, held by s2");
    expect(scene.decide(asking(4, Consent::unasked)), "login 4: refuse, contest hold, held by s2");
}

// A trial run.

std::string would(Scene& scene, OnConflict on_conflict, Consent consent = Consent::none) {
    const Login login{.number = 2, .on_conflict = on_conflict, .enforce = false, .consent = consent};
    const Verdict verdict = scene.registry.decide(claim_of(login), scene.now);
    expect(text(verdict.because), "trial");
    expect(name(verdict.decision), "grant");
    return name(verdict.would.decision);
}

void a_trial_run_says_what_would_have_been_answered(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(would(scene, OnConflict::refuse), "refuse");
    expect(would(scene, OnConflict::supersede), "supersede");
    for (const Consent consent : {Consent::unasked, Consent::none}) // a Check, and an Open without a question
        expect(would(scene, OnConflict::ask, consent), "ask");
    scene.end(1);
    scene.stuck(1);
    expect(would(scene, OnConflict::supersede), "refuse");
}

void a_trial_run_ends_nobody(void** /*state*/) {
    Scene scene;
    scene.active({.number = 1});
    expect(scene.open({.number = 2, .on_conflict = OnConflict::supersede, .enforce = false}),
           "s2 opening\nlogin 2: grant, trial, held by s1, s2");
    assert_true(scene.notes.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(who_can_be_asked_is_asked),
        SOLO_TEST(with_consent_the_holder_is_superseded),
        SOLO_TEST(without_consent_the_login_is_refused),
        SOLO_TEST(nobody_is_asked_where_a_slot_is_free),
        SOLO_TEST(nobody_is_asked_where_the_holder_is_going_anyway),
        SOLO_TEST(nobody_is_asked_where_a_yes_would_not_help),
        SOLO_TEST(consent_ends_nobody_where_the_policy_refuses),
        SOLO_TEST(behind_one_that_waits_the_consent_still_counts),
        SOLO_TEST(consent_is_no_way_round_a_contest),
        SOLO_TEST(a_trial_run_says_what_would_have_been_answered),
        SOLO_TEST(a_trial_run_ends_nobody),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
