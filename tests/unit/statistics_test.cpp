// SPDX-License-Identifier: MIT
// What is counted, and how.
#include "daemon/statistics.hpp"
#include "tests/unit/expect.hpp"

#include <string>

using namespace solo;
using namespace solo::testing;

namespace {

using Because = Verdict::Because;
using protocol::Decision;

std::string outcome(Decision decision, Because because, Answer answer = {}) {
    answer.verdict.decision = decision;
    answer.verdict.because = because;
    const auto outcome = outcome_of(answer);
    return outcome ? std::string{protocol::name_of(*outcome)} : "none";
}

void outcomes_have_the_words_of_decisions(void** /*state*/) {
    expect_equal(outcome(Decision::grant, Because::free_slot), "grant");
    expect_equal(outcome(Decision::grant, Because::exempt), "grant");
    expect_equal(outcome(Decision::grant, Because::same_origin), "grant");
    expect_equal(outcome(Decision::grant, Because::joined), "join");
    expect_equal(outcome(Decision::grant, Because::retried), "none");
    expect_equal(outcome(Decision::refuse, Because::occupied), "refuse");
    expect_equal(outcome(Decision::refuse, Because::not_gone), "refuse");
    expect_equal(outcome(Decision::ignore, Because::not_a_login), "ignore");
    Answer superseded;
    superseded.superseded.emplace();
    expect_equal(outcome(Decision::grant, Because::free_slot, superseded), "supersede");
}

void trial_run_counts_what_would_have_been(void** /*state*/) {
    Answer answer;
    for (const auto would : {Decision::refuse, Decision::supersede, Decision::ask}) {
        answer.verdict.would.decision = would;
        expect_equal(outcome(Decision::grant, Because::trial, answer),
                     "would-" + std::string{protocol::name_of(would)});
    }
    answer.verdict.would.decision = Decision::grant;
    expect_equal(outcome(Decision::grant, Because::trial, answer), "grant");
}

void latency_falls_into_the_class_whose_bound_it_does_not_exceed(void** /*state*/) {
    Latency latency;
    for (const auto took : {0, 50'000, 50'001, 100'000})
        latency.add(std::chrono::nanoseconds{took});
    latency.add(std::chrono::seconds{10});
    latency.add(std::chrono::seconds{11});
    assert_int_equal(latency.counts().at(0), 2);
    assert_int_equal(latency.counts().at(1), 2);
    assert_int_equal(latency.counts().at(16), 1);
    assert_int_equal(latency.counts().at(17), 1);
    assert_int_equal(latency.sum(), 21'000'200'001);
}

void service_one_too_many_is_counted_as_other(void** /*state*/) {
    Events events;
    Statistics statistics{events};
    constexpr std::size_t more = 10;
    for (std::size_t i = 0; i < Statistics::most_services + more; ++i)
        statistics.count_answer({.service = "service" + std::to_string(i), .outcome = Outcome::grant});
    statistics.count_answer({.service = "service0", .outcome = Outcome::refuse});
    const auto& services = statistics.services();
    assert_int_equal(services.size(), Statistics::most_services + 1);
    assert_int_equal(services.find("other")->second.at(static_cast<std::size_t>(Outcome::grant)), more);
    assert_int_equal(services.find("service0")->second.at(static_cast<std::size_t>(Outcome::refuse)), 1);
}

void ends_are_counted_by_their_reason(void** /*state*/) {
    Events events;
    const Statistics statistics{events};
    Session session;
    session.reason = Reason::idle;
    Happening happening;
    happening.kind = protocol::EventKind::ended;
    happening.session = &session;
    events.publish(happening);
    assert_int_equal(statistics.reasons().at(static_cast<std::size_t>(Reason::idle)), 1);
    assert_int_equal(statistics.reasons().at(static_cast<std::size_t>(Reason::logout)), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(outcomes_have_the_words_of_decisions),
        SOLO_TEST(trial_run_counts_what_would_have_been),
        SOLO_TEST(latency_falls_into_the_class_whose_bound_it_does_not_exceed),
        SOLO_TEST(service_one_too_many_is_counted_as_other),
        SOLO_TEST(ends_are_counted_by_their_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
