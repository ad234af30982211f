// SPDX-License-Identifier: MIT
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/expect.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

using namespace solo;
using namespace solo::testing;

namespace {

using Because = Verdict::Because;

/// 2001-02-03 04:05:06 UTC
constexpr std::int64_t long_ago = 981'173'106'000'000;

const std::string hostile = "evil\r\n\x1b[2J\x9b\xe2\x80\xae";
const std::string escaped = "evil\\x0d\\x0a\\x1b[2J\\x9b\\xe2\\x80\\xae";

Session holder(protocol::Origin origin = {
                   .service = "sshd", .tty = "pts/3", .rhost = "10.0.0.5", .ruser = {}}) {
    Session session;
    session.account = "alice";
    session.origin = std::move(origin);
    session.opened = long_ago;
    return session;
}

Verdict refused(Because because, std::optional<Session> in_the_way) {
    return {.decision = protocol::Decision::refuse,
            .because = because,
            .holder = std::move(in_the_way),
            .rule = "[Policy] OnConflict"};
}

const solo::protocol::Account alice{.name = "alice", .uid = 1000, .gids = {}};

Rules rules(bool reveals = true, std::string message = {}) {
    Rules rules;
    rules.reveal_holder.value = reveals;
    rules.message.value = std::move(message);
    return rules;
}

void an_origin_is_the_host_or_the_terminal_and_the_service(void** /*state*/) {
    expect_equal(origin_text({.service = "sshd", .tty = "pts/3", .rhost = "10.0.0.5", .ruser = "bob"}),
                 "10.0.0.5 (sshd)");
    expect_equal(origin_text({.service = "login", .tty = "tty1", .rhost = {}, .ruser = {}}), "tty1 (login)");
    expect_equal(origin_text({.service = "login", .tty = "tty1", .rhost = "", .ruser = {}}), "tty1 (login)");
}

void an_origin_without_host_and_terminal_is_the_service(void** /*state*/) {
    expect_equal(origin_text({.service = "gdm", .tty = {}, .rhost = {}, .ruser = {}}), "gdm");
    expect_equal(origin_text({.service = "gdm", .tty = "", .rhost = "", .ruser = {}}), "gdm");
}

void the_terminal_that_sshd_makes_up_is_not_shown(void** /*state*/) {
    expect_equal(origin_text({.service = "sshd", .tty = "ssh", .rhost = {}, .ruser = {}}), "sshd");
    expect_equal(origin_text({.service = "sshd", .tty = "ssh", .rhost = "::1", .ruser = {}}), "::1 (sshd)");
}

void every_part_of_an_origin_is_escaped(void** /*state*/) {
    expect_equal(origin_text({.service = hostile, .tty = {}, .rhost = hostile, .ruser = {}}),
                 escaped + " (" + escaped + ")");
    expect_equal(origin_text({.service = hostile, .tty = hostile, .rhost = {}, .ruser = {}}),
                 escaped + " (" + escaped + ")");
    expect_equal(origin_text({.service = hostile, .tty = {}, .rhost = {}, .ruser = {}}), escaped);
}

void a_refusal_says_where_the_holder_comes_from_and_since_when(void** /*state*/) {
    expect_equal(refusal_text(refused(Because::occupied, holder()), alice, rules()),
                 "This account is already logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05.");
}

void of_today_a_refusal_says_the_time_alone(void** /*state*/) {
    for (int attempt = 0; attempt < 2; ++attempt) { // midnight may come in between once
        const std::time_t now = std::time(nullptr);
        Session session = holder();
        session.opened = std::int64_t{now} * 1'000'000;
        const std::string text = refusal_text(refused(Because::occupied, session), alice, rules());
        if (text == fmt::format("This account is already logged in from 10.0.0.5 (sshd) since {:%H:%M}.",
                                fmt::gmtime(now)))
            return;
    }
    expect(false, "a refusal shows the time of today as HH:MM");
}

void the_same_day_of_another_year_is_not_today(void** /*state*/) {
    const std::time_t now = std::time(nullptr);
    std::tm then = fmt::gmtime(now);
    then.tm_year -= 1;
    Session session = holder();
    session.opened = std::int64_t{::timegm(&then)} * 1'000'000;
    expect_within(refusal_text(refused(Because::occupied, session), alice, rules()),
                  fmt::format("since {}-", then.tm_year + 1900));
}

void a_refusal_says_why_the_holder_was_not_superseded(void** /*state*/) {
    const std::string occupied =
        "This account is already logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05.";
    expect_equal(refusal_text(refused(Because::not_gone, holder()), alice, rules()),
                 occupied + " That session could not be ended.");
    expect_equal(refusal_text(refused(Because::shared_leader, holder()), alice, rules()),
                 occupied + " That session cannot be ended alone.");
}

void a_refusal_without_a_holder_says_so_much(void** /*state*/) {
    expect_equal(refusal_text(refused(Because::free_slot, std::nullopt), alice, rules()),
                 "This login is refused.");
}

void a_hidden_holder_shows_nothing_of_itself(void** /*state*/) {
    const auto text = [](Because because) {
        return refusal_text(refused(because, holder()), alice, rules(false));
    };
    expect_equal(text(Because::occupied), "This account is already logged in.");
    expect_equal(text(Because::not_gone),
                 "This account is already logged in. That session could not be ended.");
    expect_equal(text(Because::shared_leader),
                 "This account is already logged in. That session cannot be ended alone.");
}

void the_message_follows_the_refusal(void** /*state*/) {
    expect_equal(refusal_text(refused(Because::occupied, holder()), alice, rules(false, "Call 112.")),
                 "This account is already logged in. Call 112.");
    expect_equal(refusal_text(refused(Because::not_gone, holder()), alice, rules(false, "Call 112.")),
                 "This account is already logged in. That session could not be ended. Call 112.");
    expect_equal(refusal_text(refused(Because::free_slot, std::nullopt), alice, rules(true, "Call 112.")),
                 "This login is refused. Call 112.");
}

void a_question_says_who_is_logged_in_and_from_where(void** /*state*/) {
    Verdict verdict = refused(Because::occupied, holder());
    verdict.decision = protocol::Decision::ask;
    expect_equal(question_text(verdict, alice, rules()),
                 "alice is logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05.");
    expect_equal(question_text(verdict, alice, rules(false)), "alice is logged in.");
    expect_equal(question_text(verdict, alice, rules(false, "Call 112.")), "alice is logged in. Call 112.");
    expect_equal(question_text(verdict, {.name = hostile, .uid = {}, .gids = {}}, rules(false, hostile)),
                 escaped + " is logged in. " + escaped);
}

void a_refusal_is_escaped(void** /*state*/) {
    const auto in_the_way = holder({.service = "sshd", .tty = {}, .rhost = hostile, .ruser = {}});
    expect_equal(refusal_text(refused(Because::occupied, in_the_way), alice, rules(true, hostile)),
                 "This account is already logged in from " + escaped + " (sshd) since 2001-02-03 04:05. " +
                     escaped);
}

void a_locked_account_and_a_contest_have_their_sentences(void** /*state*/) {
    expect_equal(refusal_text(refused(Because::locked, std::nullopt), alice, rules(true, "Call 112.")),
                 "This account is locked because its logins kept ending each other; an administrator can "
                 "unlock it. Call 112.");
    for (const Because because : {Because::contest, Because::contest_hold})
        expect_equal(
            refusal_text(refused(because, holder()), alice, rules()),
            "This account is already logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05. Its logins "
            "kept ending each other, so for a while none of them can be ended.");
}

void a_contest_that_locks_the_account_says_so(void** /*state*/) {
    Rules locking = rules();
    locking.contest_action.value = ContestAction::lock;
    const std::string logged_in =
        "This account is already logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05. ";
    expect_equal(refusal_text(refused(Because::contest, holder()), alice, locking),
                 logged_in + "Its logins kept ending each other, so it is locked now, and its sessions are "
                             "ended; an administrator can unlock it.");
    // It was held by an earlier configuration.
    expect_equal(refusal_text(refused(Because::contest_hold, holder()), alice, locking),
                 logged_in + "Its logins kept ending each other, so for a while none of them can be ended.");
}

void the_placeholders_of_the_message_are_filled_in(void** /*state*/) {
    const std::string text = "{account}, {holder}, {since}";
    expect_within(refusal_text(refused(Because::occupied, holder()), alice, rules(true, text)),
                  ". alice, 10.0.0.5 (sshd), 2001-02-03 04:05");
    expect_within(refusal_text(refused(Because::occupied, holder()), alice, rules(false, text)),
                  ". alice, elsewhere, earlier");
    expect_within(refusal_text(refused(Because::locked, std::nullopt), alice, rules(true, text)),
                  ". alice, elsewhere, earlier");
}

void what_fills_the_placeholders_is_escaped_once(void** /*state*/) {
    const auto in_the_way = holder({.service = hostile, .tty = {}, .rhost = hostile, .ruser = {}});
    const solo::protocol::Account mallory{.name = hostile, .uid = {}, .gids = {}};
    expect_within(
        refusal_text(refused(Because::occupied, in_the_way), mallory, rules(true, "{account} {holder}")),
        ". " + escaped + " " + escaped + " (" + escaped + ")");
}

// A trial run.

Verdict trial(protocol::Decision would, std::optional<Session> in_the_way = holder()) {
    Verdict verdict = refused(Because::trial, std::move(in_the_way));
    verdict.decision = protocol::Decision::grant;
    verdict.would = {would, Because::occupied, "[Policy] OnConflict"};
    return verdict;
}

void a_trial_says_what_would_have_been_done(void** /*state*/) {
    using enum protocol::Decision;
    const std::string occupied =
        "This account is already logged in from 10.0.0.5 (sshd) since 2001-02-03 04:05. Enforce=yes would ";
    expect_equal(trial_text(trial(refuse), rules()), occupied + "refuse this login: [Policy] OnConflict.");
    expect_equal(trial_text(trial(supersede), rules()), occupied + "end that session: [Policy] OnConflict.");
    expect_equal(trial_text(trial(ask), rules()),
                 occupied + "ask whether to end that session: [Policy] OnConflict.");
    expect_equal(trial_text(trial(refuse, std::nullopt), rules()),
                 "This login is refused. Enforce=yes would refuse this login: [Policy] OnConflict.");
}

// What a login that is granted is told.

Answer granted(bool has_superseded, bool was_superseded) {
    Answer answer;
    if (has_superseded)
        answer.superseded = holder();
    if (was_superseded)
        answer.superseded_before =
            Supersession{.by = {.service = "gdm", .tty = "tty2", .rhost = {}, .ruser = {}}, .when = long_ago};
    return answer;
}

void who_has_nothing_to_know_is_told_nothing(void** /*state*/) {
    expect(!grant_text(granted(false, false), rules()), "nothing");
}

void who_logs_in_is_told_what_ended_before_and_now(void** /*state*/) {
    const std::string before =
        "Your previous session was ended at 2001-02-03 04:05 by a login from tty2 (gdm).";
    const std::string ended = "This login has ended the session from 10.0.0.5 (sshd) since 2001-02-03 04:05.";
    expect_equal(*grant_text(granted(false, true), rules()), before);
    expect_equal(*grant_text(granted(true, false), rules()), ended);
    expect_equal(*grant_text(granted(true, true), rules()), before + " " + ended);
}

void where_people_hide_a_grant_says_only_when(void** /*state*/) {
    expect_equal(*grant_text(granted(true, true), rules(false)),
                 "Your previous session was ended at 2001-02-03 04:05 by another login. This login has ended "
                 "the session since 2001-02-03 04:05.");
}

// RevealHolder=no, and hostile names, in every sentence that there is.

std::vector<std::string> all_sentences(const Session& other, const solo::protocol::Account& account,
                                       bool reveals) {
    using enum protocol::Decision;
    const Rules said = rules(reveals, "{account} {holder} {since}");
    std::vector<std::string> sentences;
    for (int because = 0; because <= static_cast<int>(Because::locked); ++because)
        sentences.push_back(refusal_text(refused(static_cast<Because>(because), other), account, said));
    sentences.push_back(question_text(refused(Because::occupied, other), account, said));
    for (const protocol::Decision would : {refuse, supersede, ask})
        sentences.push_back(trial_text(trial(would, other), said));
    Answer answer;
    answer.superseded = other;
    answer.superseded_before = Supersession{.by = other.origin, .when = long_ago};
    sentences.push_back(*grant_text(answer, said));
    sentences.push_back(superseded_text(other.origin, reveals));
    return sentences;
}

void where_people_hide_no_sentence_says_where_they_are(void** /*state*/) {
    for (const protocol::Origin& origin : std::vector<protocol::Origin>{
             {.service = "secretservice", .tty = "secrettty", .rhost = "secrethost", .ruser = "secretuser"},
             {.service = "secretservice", .tty = "secrettty", .rhost = {}, .ruser = {}}})
        for (const std::string& sentence : all_sentences(holder(origin), alice, false))
            expect(sentence.find("secret") == std::string::npos, sentence);
}

void no_sentence_holds_a_byte_that_does_something(void** /*state*/) {
    const auto in_the_way = holder({.service = hostile, .tty = hostile, .rhost = hostile, .ruser = hostile});
    for (const bool reveals : {true, false})
        for (const std::string& sentence :
             all_sentences(in_the_way, {.name = hostile, .uid = {}, .gids = {}}, reveals))
            expect_equal(sentence, protocol::printable(sentence));
}

void the_alert_says_what_becomes_of_the_account(void** /*state*/) {
    Contested contest{.account = "alice", .uid = 1000, .action = ContestAction::refuse, .hold = {}};
    contest.hold = std::chrono::minutes{5};
    expect_equal(contested_text(contest),
                 "alice: its logins keep ending each other; for 5min none of them can end another");
    contest.action = ContestAction::lock;
    expect_equal(
        contested_text(contest),
        "alice: its logins keep ending each other; the account is locked and its sessions are ended. "
        "To unlock it: soloctl unlock ACCOUNT");
    contest.account = hostile;
    expect_within(contested_text(contest), escaped + ": ");
}

void a_superseded_person_learns_from_where(void** /*state*/) {
    const protocol::Origin successor{.service = "sshd", .tty = {}, .rhost = "10.0.0.9", .ruser = {}};
    expect_equal(superseded_text(successor, true),
                 "You are logged out: this account logged in from 10.0.0.9 (sshd).");
    expect_equal(superseded_text(successor, false), "You are logged out: this account logged in elsewhere.");
    expect_equal(superseded_text({.service = "sshd", .tty = {}, .rhost = hostile, .ruser = {}}, true),
                 "You are logged out: this account logged in from " + escaped + " (sshd).");
}

void a_terminated_person_reads_the_words_given(void** /*state*/) {
    expect_equal(terminated_text(""), "You are logged out: your session was ended by an administrator.");
    expect_equal(terminated_text("Maintenance at noon."), "Maintenance at noon.");
}

void words_given_at_an_end_are_escaped(void** /*state*/) {
    expect_equal(terminated_text(hostile), escaped);
}

void every_reason_has_a_sentence_of_its_own(void** /*state*/) {
    const std::vector<std::pair<Reason, std::string>> sentences{
        {Reason::logout, "The session was closed."},
        {Reason::leader_exited, "The login program has exited."},
        {Reason::superseded, "The session was superseded by another login of the account."},
        {Reason::terminated, "The session was ended on request, or because the account was locked."},
        {Reason::expired, "The session had reached its longest time."},
        {Reason::idle, "The session was idle for too long."},
        {Reason::lease_lapsed, "The session was not renewed in time."},
        {Reason::rebooted, "The host was restarted."},
        {Reason::lost, "The session ended while solod was not running."},
        {Reason::unconfirmed, "The login was given up before it was complete."},
    };
    expect_equal(sentences.size(), enum_names(Reason{}).size());
    for (const auto& [reason, sentence] : sentences) {
        Session session = holder();
        session.reason = reason;
        expect_equal(ended_text(session), sentence);
    }
}

void limits_in_time_are_told_in_words(void** /*state*/) {
    using namespace std::chrono_literals;
    expect_equal(expiring_text(60s),
                 "You will be logged out in a minute: your session reaches its longest time "
                 "then.");
    expect_equal(idling_text(90min, 1min), "You have been idle for 90 minutes; you will be logged out in a "
                                           "minute.");
    const struct {
        std::chrono::milliseconds time;
        std::string text;
    } rows[] = {{0s, "a second"},      {1500ms, "2 seconds"}, {59'700ms, "a minute"},
                {119s, "119 seconds"}, {2min, "2 minutes"},   {1h, "an hour"},
                {8h, "8 hours"},       {24h, "a day"},        {72h, "3 days"}};
    for (const auto& [time, text] : rows)
        expect_equal(idle_text(time), "You are logged out: you have been idle for " + text + ".");
}

void a_trial_run_says_what_would_have_been_why_and_by_which_rule(void** /*state*/) {
    using protocol::Decision;
    Verdict verdict = refused(Because::trial, holder());
    verdict.would = {Decision::supersede, Because::occupied, "[Policy] OnConflict"};
    expect_equal(
        trial_text(verdict, rules(false)),
        "This account is already logged in. Enforce=yes would end that session: [Policy] OnConflict.");
    verdict.would = {Decision::refuse, Because::locked, "[User " + hostile + "] ContestAction"};
    expect_equal(
        trial_text(verdict, rules(false)),
        "This account is locked because its logins kept ending each other; an administrator can unlock "
        "it. Enforce=yes would refuse this login: [User " +
            escaped + "] ContestAction.");
}

void in_a_trial_run_a_contest_has_no_consequences(void** /*state*/) {
    Verdict verdict = refused(Because::trial, holder());
    verdict.would = {protocol::Decision::refuse, Because::contest, "[Policy] ContestLimit"};
    for (const ContestAction action : {ContestAction::refuse, ContestAction::lock}) {
        Rules said = rules(false);
        said.contest_action.value = action;
        expect_equal(
            trial_text(verdict, said),
            "This account is already logged in. Its logins kept ending each other. Enforce=yes would "
            "refuse this login: [Policy] ContestLimit.");
    }
}

} // namespace

int main() {
    ::setenv("TZ", "UTC", 1);
    const CMUnitTest tests[] = {
        SOLO_TEST(an_origin_is_the_host_or_the_terminal_and_the_service),
        SOLO_TEST(an_origin_without_host_and_terminal_is_the_service),
        SOLO_TEST(the_terminal_that_sshd_makes_up_is_not_shown),
        SOLO_TEST(every_part_of_an_origin_is_escaped),
        SOLO_TEST(a_refusal_says_where_the_holder_comes_from_and_since_when),
        SOLO_TEST(of_today_a_refusal_says_the_time_alone),
        SOLO_TEST(the_same_day_of_another_year_is_not_today),
        SOLO_TEST(a_refusal_says_why_the_holder_was_not_superseded),
        SOLO_TEST(a_refusal_without_a_holder_says_so_much),
        SOLO_TEST(a_hidden_holder_shows_nothing_of_itself),
        SOLO_TEST(the_message_follows_the_refusal),
        SOLO_TEST(a_question_says_who_is_logged_in_and_from_where),
        SOLO_TEST(a_refusal_is_escaped),
        SOLO_TEST(a_locked_account_and_a_contest_have_their_sentences),
        SOLO_TEST(a_contest_that_locks_the_account_says_so),
        SOLO_TEST(the_placeholders_of_the_message_are_filled_in),
        SOLO_TEST(what_fills_the_placeholders_is_escaped_once),
        SOLO_TEST(a_trial_says_what_would_have_been_done),
        SOLO_TEST(who_has_nothing_to_know_is_told_nothing),
        SOLO_TEST(who_logs_in_is_told_what_ended_before_and_now),
        SOLO_TEST(where_people_hide_a_grant_says_only_when),
        SOLO_TEST(where_people_hide_no_sentence_says_where_they_are),
        SOLO_TEST(no_sentence_holds_a_byte_that_does_something),
        SOLO_TEST(the_alert_says_what_becomes_of_the_account),
        SOLO_TEST(a_superseded_person_learns_from_where),
        SOLO_TEST(a_terminated_person_reads_the_words_given),
        SOLO_TEST(words_given_at_an_end_are_escaped),
        SOLO_TEST(every_reason_has_a_sentence_of_its_own),
        SOLO_TEST(limits_in_time_are_told_in_words),
        SOLO_TEST(a_trial_run_says_what_would_have_been_why_and_by_which_rule),
        SOLO_TEST(in_a_trial_run_a_contest_has_no_consequences),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
