// SPDX-License-Identifier: MIT
// pam_acct_mgmt: explains, asks, changes nothing.
#include "tests/pam/login_tests.hpp"

#include <syslog.h>

namespace {

using namespace solo::testing;
using solo::protocol::Decision;
using solo::protocol::Json;
using solo::protocol::to_text;
using solo::protocol::login::Check;
using solo::protocol::login::Open;
using solo::protocol::login::Refused;

constexpr const char* held = "This account is already logged in from 10.0.0.9 (sshd) since 10:02.";

Check::Reply decided(Decision decision, std::optional<std::string> message = held) {
    return {.decision = decision, .holder = {}, .rule = "[Policy] OnConflict", .message = std::move(message)};
}

void answer_check(LoginProgram& program, Decision decision,
                  const std::optional<std::string>& message = held) {
    program.daemon().on<Check>([=](const Received&) { return reply(decided(decision, message)); });
}

void assert_said(const LoginProgram& program, std::initializer_list<Said> expected) {
    assert_int_equal(program.said.size(), expected.size());
    auto said = program.said.begin();
    for (const auto& line : expected) {
        assert_int_equal(said->style, line.style);
        assert_string_equal(said->text.c_str(), line.text.c_str());
        ++said;
    }
}

void check_says_who_logs_in_and_from_where(void** state) {
    auto& program = program_of(state);
    program.begin();
    program.set_item(PAM_RUSER, "carol");
    assert_int_equal(program.account(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(1);
    assert_string_equal(calls[0].call.method.c_str(), "org.pamsolo.Login.Check");
    assert_false(calls[0].call.oneway);
    const Json expected{
        {"account", {{"name", "alice"}, {"uid", 1000}}},
        {"origin", {{"service", "test-login"}, {"tty", "pts/7"}, {"rhost", "10.0.0.5"}, {"ruser", "carol"}}}};
    assert_string_equal(to_text(calls[0].call.parameters).c_str(), to_text(expected).c_str());
    program.daemon().await_closed(0);
    assert_int_equal(program.daemon().await_calls(1).size(), 1);
}

void items_that_are_not_set_are_left_out(void** state) {
    auto& program = program_of(state);
    program.begin();
    program.set_item(PAM_TTY, nullptr);
    program.set_item(PAM_RHOST, nullptr);
    assert_int_equal(program.account(), PAM_SUCCESS);
    const auto origin = program.daemon().await_calls(1)[0].call.parameters["origin"];
    assert_string_equal(to_text(origin).c_str(), R"({"service":"test-login"})");
}

void grant_lets_the_login_in_and_says_nothing(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_said(program, {});
    assert_int_equal(host_functions().log.size(), 0);
}

void supersede_lets_the_login_in_and_says_nothing(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::supersede);
    program.begin();
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_said(program, {});
}

void what_is_no_login_is_ignored(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::ignore);
    program.begin();
    assert_int_equal(program.account(), PAM_IGNORE);
    assert_said(program, {});
}

void refusal_in_account_tells_the_reason_and_denies(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_said(program, {{PAM_ERROR_MSG, held}});
    assert_int_equal(logged(LOG_NOTICE, "alice refused by [Policy] OnConflict: This account"), 1);
}

void refusal_without_a_message_has_one_of_its_own(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse, std::nullopt);
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_said(program, {{PAM_ERROR_MSG, "This account is already logged in."}});
}

void the_error_refused_is_a_refusal_too(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Check>(
        [](const Received&) { return error(Refused{.message = held, .holder = {}, .rule = "x"}); });
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_said(program, {{PAM_ERROR_MSG, held}});
}

void refusal_is_silent_where_the_program_wants_silence(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.begin();
    assert_int_equal(program.account(PAM_SILENT), PAM_PERM_DENIED);
    assert_said(program, {});
    assert_int_equal(logged(LOG_NOTICE, "alice refused"), 1);
}

void failing_conversation_changes_no_refusal(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.conversation_result = PAM_CONV_ERR;
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
}

void missing_conversation_changes_no_refusal(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.has_conversation = false;
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
}

void root_is_denied_by_a_genuine_refusal(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.begin("root");
    assert_int_equal(program.account(), PAM_PERM_DENIED);
}

void yes_lets_the_login_in_and_is_remembered(void** state) {
    for (const char* const yes : {"y", "yes", "YES", " Yes \n"}) {
        auto& program = program_of(state);
        program.said.clear();
        answer_check(program, Decision::ask);
        program.answer = yes;
        program.begin();
        assert_int_equal(program.account(), PAM_SUCCESS);
        const auto question = std::string{held} + " End that session? [y/N] ";
        assert_said(program, {{PAM_PROMPT_ECHO_ON, question}});
        assert_string_equal(program.variable("SOLO_TAKEOVER").value_or("").c_str(), "1");
    }
}

void any_other_answer_denies_with_the_reason(void** state) {
    for (const char* const no : {"n", "no", "", "yess", "ye", "1", "y n"}) {
        auto& program = program_of(state);
        program.said.clear();
        answer_check(program, Decision::ask);
        program.answer = no;
        program.begin();
        assert_int_equal(program.account(), PAM_PERM_DENIED);
        assert_int_equal(program.said.size(), 2);
        assert_int_equal(program.said[1].style, PAM_ERROR_MSG);
        assert_string_equal(program.said[1].text.c_str(), held);
        assert_false(program.variable("SOLO_TAKEOVER").has_value());
    }
}

void nobody_to_ask_is_a_no(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::ask);
    program.answer = "yes";
    program.begin();
    assert_int_equal(program.account(PAM_SILENT), PAM_PERM_DENIED);
    assert_said(program, {});

    program.conversation_result = PAM_CONV_ERR;
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    const auto unasked = std::string{held} +
                         " You cannot be asked here whether to end that session, so this login is refused.";
    const auto question = std::string{held} + " End that session? [y/N] ";
    assert_said(program, {{PAM_PROMPT_ECHO_ON, question}, {PAM_ERROR_MSG, unasked}});
    assert_false(program.variable("SOLO_TAKEOVER").has_value());
    assert_int_equal(logged(LOG_NOTICE, "alice refused by [Policy] OnConflict: This account"), 2);

    program.has_conversation = false;
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_false(program.variable("SOLO_TAKEOVER").has_value());
}

void yes_that_cannot_be_kept_denies(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::ask);
    program.answer = "yes";
    host_functions().putenv_fails = "SOLO_TAKEOVER";
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
}

void yes_to_an_earlier_question_is_forgotten(void** state) {
    auto& program = program_of(state);
    program.begin();
    ::pam_putenv(program.handle(), "SOLO_TAKEOVER=1");
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_false(program.variable("SOLO_TAKEOVER").has_value());
}

void connection_lost_in_check_is_tried_again(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Check>([](const Received& received) {
        return received.connection == 0 ? hang_up() : reply(decided(Decision::refuse));
    });
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_said(program, {{PAM_ERROR_MSG, held}});
}

void the_other_phases_are_ignored_and_ask_nobody(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.authenticate(), PAM_IGNORE);
    assert_int_equal(program.set_credentials(), PAM_IGNORE);
    assert_int_equal(program.change_password(), PAM_IGNORE);
    assert_int_equal(program.daemon().await_calls(0).size(), 0);
}

const AuditRecord refused_login{.type = 2102, .message = "pam_solo", .result = PAM_PERM_DENIED};

void refusal_is_in_the_audit_log_as_pam_limits_writes_it(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_true(host_functions().audit == std::vector{refused_login});
}

void login_that_is_refused_in_both_phases_is_in_the_audit_log_once(void** state) {
    auto& program = program_of(state);
    answer_check(program, Decision::refuse);
    program.daemon().on<Open>(
        [](const Received&) { return error(Refused{.message = held, .holder = {}, .rule = "x"}); });
    program.begin();
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(host_functions().audit.size(), 1);
    program.end();
    program.begin();
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_true(host_functions().audit == std::vector(2, refused_login));
}

void only_a_refusal_is_in_the_audit_log(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    program.end();
    program.stop_daemon();
    program.begin("alice", "timeout=1");
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(host_functions().audit.size(), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LOGIN_TEST(check_says_who_logs_in_and_from_where),
        SOLO_LOGIN_TEST(items_that_are_not_set_are_left_out),
        SOLO_LOGIN_TEST(grant_lets_the_login_in_and_says_nothing),
        SOLO_LOGIN_TEST(supersede_lets_the_login_in_and_says_nothing),
        SOLO_LOGIN_TEST(what_is_no_login_is_ignored),
        SOLO_LOGIN_TEST(refusal_in_account_tells_the_reason_and_denies),
        SOLO_LOGIN_TEST(refusal_is_in_the_audit_log_as_pam_limits_writes_it),
        SOLO_LOGIN_TEST(login_that_is_refused_in_both_phases_is_in_the_audit_log_once),
        SOLO_LOGIN_TEST(only_a_refusal_is_in_the_audit_log),
        SOLO_LOGIN_TEST(refusal_without_a_message_has_one_of_its_own),
        SOLO_LOGIN_TEST(the_error_refused_is_a_refusal_too),
        SOLO_LOGIN_TEST(refusal_is_silent_where_the_program_wants_silence),
        SOLO_LOGIN_TEST(failing_conversation_changes_no_refusal),
        SOLO_LOGIN_TEST(missing_conversation_changes_no_refusal),
        SOLO_LOGIN_TEST(root_is_denied_by_a_genuine_refusal),
        SOLO_LOGIN_TEST(yes_lets_the_login_in_and_is_remembered),
        SOLO_LOGIN_TEST(any_other_answer_denies_with_the_reason),
        SOLO_LOGIN_TEST(nobody_to_ask_is_a_no),
        SOLO_LOGIN_TEST(yes_that_cannot_be_kept_denies),
        SOLO_LOGIN_TEST(yes_to_an_earlier_question_is_forgotten),
        SOLO_LOGIN_TEST(connection_lost_in_check_is_tried_again),
        SOLO_LOGIN_TEST(the_other_phases_are_ignored_and_ask_nobody),
    };
    return run_login_tests("account phase", tests);
}
