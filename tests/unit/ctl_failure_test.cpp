// SPDX-License-Identifier: MIT
// What soloctl says and how it exits when something is wrong; and status, whose business that is.
#include "tests/unit/ctl_examples.hpp"
#include "tests/unit/ctl_harness.hpp"

#include <algorithm>

using namespace solo::testing;

namespace {

const std::vector<std::vector<std::string>> daemon_commands = {
    {"list"},   {"show", first_id}, {"end", first_id},     {"end", "--account", "alice"},
    {"status"}, {"metrics"},        {"validate", first_id}};

void status_is_ok(void** state) {
    auto& test = harness(state);
    const auto reply =
        R"({"version":"0.1.0","state":"ok","problems":[],"active":3,"opened_total":12,"refused_total":2,)"
        R"("superseded_total":1,"history":900,"started":1700000000000000})";
    test.serve({replies(reply), replies(reply)});
    const auto text = test.soloctl({"status"});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), "State       ok\n"
                                          "Version     0.1.0\n"
                                          "Started     2023-11-14 22:13:20\n"
                                          "Sessions    3 now\n"
                                          "Logins      12 opened, 2 refused, 1 superseded\n"
                                          "History     900 records\n");
    const auto json = test.soloctl({"--json", "status"});
    assert_int_equal(json.status, 0);
    assert_true(json_of(json.out) == json_of(reply));
}

void status_is_degraded_and_lists_the_problems(void** state) {
    auto& test = harness(state);
    const auto reply =
        R"({"version":"0.1.0","state":"degraded","problems":["disk full","a\u001bb"],"active":0,)"
        R"("opened_total":0,"refused_total":0,"superseded_total":0,"history":0,"started":0})";
    test.serve({replies(reply), replies(reply)});
    const auto text = test.soloctl({"status"});
    assert_int_equal(text.status, 1);
    assert_contains(text.out, "State       degraded\nProblem     disk full\nProblem     a\\x1bb\n");
    const auto json = test.soloctl({"status", "--json"});
    assert_int_equal(json.status, 1);
    assert_true(json_of(json.out) == json_of(reply));
}

void a_problem_that_solod_has_twice_is_shown_once(void** state) {
    auto& test = harness(state);
    test.serve({replies(
        R"({"version":"0.1.0","state":"degraded","problems":["disk full","x","disk full"],"active":0,)"
        R"("opened_total":0,"refused_total":0,"superseded_total":0,"history":0,"started":0})")});
    assert_contains(test.soloctl({"status"}).out, "Problem     disk full\nProblem     x\nVersion");
}

void a_daemon_that_is_absent_is_unreachable(void** state) {
    auto& test = harness(state);
    for (auto arguments : daemon_commands) {
        const auto outcome = test.soloctl(arguments);
        assert_int_equal(outcome.status, 3);
        assert_string_equal(outcome.out.c_str(), "");
        assert_string_equal(outcome.err.c_str(),
                            ("soloctl: cannot reach solod at " + test.socket() +
                             ": nobody listens (No such file or directory). Is solod running? Try: systemctl "
                             "status solod\n")
                                .c_str());
        arguments.emplace_back("--json");
        assert_int_equal(test.soloctl(arguments).status, 3);
    }
}

/// Asks once and compares standard error; nothing may stand on standard output.
void assert_failure(const std::vector<std::string>& arguments, const Answer& answer, int status,
                    const std::string& part) {
    Harness test;
    test.serve(std::vector<Answer>(2, answer));
    for (const bool json : {false, true}) {
        auto all = arguments;
        if (json)
            all.emplace_back("--json");
        const auto outcome = test.soloctl(all);
        if (outcome.status != status)
            fail_msg("%s: exit status %d, not %d", arguments[0].c_str(), outcome.status, status);
        assert_string_equal(outcome.out.c_str(), "");
        assert_contains(outcome.err, "soloctl: ");
        assert_contains(outcome.err, part);
    }
}

void a_server_that_closes_early_is_unreachable(void** /*state*/) {
    for (const auto& arguments : daemon_commands) {
        assert_failure(arguments, sends_and_closes(""), 3, "the connection was closed");
        assert_failure(arguments, sends_and_closes(R"({"parameters")"), 3, "the answer is no reply");
    }
}

void garbage_is_no_answer(void** /*state*/) {
    for (const auto& arguments : daemon_commands) {
        assert_failure(arguments, sends(std::string{"HTTP/1.1 400 Bad Request"} + '\0'), 3,
                       "the answer is no reply");
        assert_failure(arguments, sends(std::string(1, '\0')), 3, "the answer is no reply");
        assert_failure(arguments, replies(R"({"session":{"id":7},"active":"yes","version":[]})"), 3,
                       "cannot be understood");
    }
}

void garbage_is_never_a_no_of_validate(void** /*state*/) {
    assert_failure({"validate", first_id}, replies("{}"), 3, "\"active\" is missing or wrong");
    assert_failure({"validate", first_id}, replies(R"({"active":false,"state":"gone"})"), 3,
                   "\"state\" is missing or wrong");
}

void a_wrong_session_field_is_named(void** /*state*/) {
    assert_failure({"show", first_id}, replies(in_reply(R"({"id":"i","account":"a","state":"active"})")), 3,
                   "\"session.service\" is missing or wrong");
}

void errors_of_solod_are_sentences(void** /*state*/) {
    const std::vector<std::string> end = {"end", first_id};
    const auto sessions = [](const char* name) { return "org.pamsolo.Sessions." + std::string{name}; };
    assert_failure(end, fails(sessions("NoSuchSession"), R"({"id":")" + first_id + "\"}"), 1,
                   "no session has the id " + first_id + ". Try: soloctl list --all");
    assert_failure(end, fails(sessions("PermissionDenied")), 1, "those of others are for root");
    assert_failure(end,
                   fails(sessions("NotActive"),
                         R"({"state":"ended","reason":"superseded","message":"taken over from 10.0.0.9"})"),
                   1, "not active but ended: taken over from 10.0.0.9");
    assert_failure(end, fails(sessions("NotActive"), R"({"state":"ended","reason":"logout"})"), 1,
                   "not active but ended: logout");
    assert_failure(end, fails(sessions("NotActive"), R"({"state":"ending"})"), 1, "not active but ending\n");
    assert_failure(end, fails(sessions("CannotEnd"), R"({"reason":"a\u001bb"})"), 1,
                   "cannot be ended: a\\x1bb");
    assert_failure(end, fails(sessions("Refused"), R"({"message":"no slot","rule":"[Policy] OnConflict"})"),
                   1, "refused: no slot ([Policy] OnConflict)");
    assert_failure(end, fails(sessions("Unavailable"), R"({"reason":"stopping"})"), 1,
                   "solod cannot answer now: stopping");
    assert_failure(end, fails(sessions("TooManyConnections")), 1, "no more connections of this user");
}

void errors_of_varlink_are_sentences(void** /*state*/) {
    const auto service = [](const char* name) { return "org.varlink.service." + std::string{name}; };
    assert_failure({"status"}, fails(service("InterfaceNotFound"), R"({"interface":"a.b"})"), 1,
                   "does not know the interface a.b");
    assert_failure({"status"}, fails(service("MethodNotFound"), R"({"method":"Status"})"), 1,
                   "does not know the method Status");
    assert_failure({"status"}, fails(service("MethodNotImplemented"), R"({"method":"Status"})"), 1,
                   "does not have the method Status");
    assert_failure({"show", first_id}, fails(service("InvalidParameter"), R"({"parameter":"id"})"), 1,
                   "does not accept what was given as \"id\"");
    assert_failure({"status"}, fails(service("PermissionDenied")), 1, "permission denied");
    assert_failure({"list"}, fails(service("ExpectedMore")), 1, "of different versions");
}

void an_error_that_nobody_knows_is_shown_by_its_name(void** /*state*/) {
    assert_failure({"status"}, fails(R"(a.b.Odd\u001b[2J)"), 1, R"(answered with the error a.b.Odd\x1b[2J)");
    assert_failure({"status"}, fails("org.pamsolo.Sessions.CannotEnd", R"({"reason":5})"), 1,
                   "answered with the error org.pamsolo.Sessions.CannotEnd");
}

void the_reason_of_a_server_that_does_not_read_is_heard(void** state) {
    auto& test = harness(state);
    auto refusal = fails("org.pamsolo.Sessions.TooManyConnections");
    refusal.closes = true;
    test.serve({refusal});
    assert_contains(test.soloctl({"status"}).err, "no more connections of this user");
}

void wrong_usage_exits_with_2(void** state) {
    auto& test = harness(state);
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"frobnicate"},
        {"list", "extra"},
        {"list", "-n"},
        {"list", "-n", "0"},
        {"list", "-n", "-3"},
        {"list", "-n", "many"},
        {"list", "--colour"},
        {"show"},
        {"show", ""},
        {"show", "0190a1b2"},
        {"show", "0190a1b2-0000-7000-8000-00000000000g"},
        {"show", "0190a1b2-0000-7000-8000-0000000000011"},
        {"show", "0190a1b2x0000-7000-8000-000000000001"},
        {"show", first_id, second_id},
        {"validate"},
        {"validate", "x"},
        {"end"},
        {"end", "--message", "text"},
        {"end", first_id, "--account", "alice"},
        {"end", "--account"},
        {"end", "alice"},
        {"status", "now"},
        {"status", "list"},
        {"config", "file"},
    };
    for (const auto& arguments : wrong) {
        const auto outcome = test.soloctl(arguments);
        const auto last = arguments.empty() ? std::string{} : arguments.back();
        if (outcome.status != 2)
            fail_msg("... %s: exit status %d, not 2", last.c_str(), outcome.status);
        assert_string_equal(outcome.out.c_str(), "");
        assert_true(outcome.err.starts_with("soloctl: "));
        assert_contains(outcome.err, "Try: soloctl --help");
    }
}

void wrong_usage_is_named(void** state) {
    auto& test = harness(state);
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
        {{"lsit"}, "there is no command lsit"},
        {{"lsit", "--all"}, "there is no command lsit"},
        {{"--jsno"}, "there is no option --jsno"},
        {{}, "a command is missing"},
        {{"history", "-n", "0"}, "--limit: it takes a whole number, 1 or more, and not \"0\""},
        {{"history", "-n", "-1"}, "--limit: it takes a whole number, 1 or more, and not \"-1\""},
        {{"list", "-n", "x"}, "--limit: it takes a whole number, 1 or more, and not \"x\""},
        {{"list", "-n", "1.5"}, "--limit: it takes a whole number, 1 or more, and not \"1.5\""},
        {{"show"}, "ID is required"}};
    for (const auto& [arguments, text] : wrong)
        assert_string_equal(test.soloctl(arguments).err.c_str(),
                            ("soloctl: " + text + "\nTry: soloctl --help\n").c_str());
}

void wrong_usage_is_shown_escaped(void** state) {
    auto& test = harness(state);
    const std::string hostile = "e\x1b[2J\n\xff";
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{hostile},
                                                      {"list", hostile},
                                                      {"list", "-n", hostile},
                                                      {"status", hostile}}) {
        const auto outcome = test.soloctl(arguments);
        assert_int_equal(outcome.status, 2);
        assert_true(outcome.err.find_first_of("\x1b\xff") == std::string::npos);
        assert_int_equal(std::ranges::count(outcome.err, '\n'), 2);
    }
}

void an_empty_account_is_wrong_usage(void** state) {
    auto& test = harness(state);
    test.serve({replies("{}")});
    assert_int_equal(test.soloctl({"end", "--account", ""}).status, 2);
    assert_int_equal(test.soloctl({"list", "--account", ""}).status, 2);
    assert_true(test.calls().empty());
}

void who_may_not_change_pam_is_told_the_command_that_may(void** /*state*/) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> commands{
        {{"disable", "--all"}, "disable --all"},
        {{"disable", "sshd", "login"}, "disable sshd login"},
        {{"enable", "sshd", "login"}, "enable sshd login"}};
    for (const auto& [arguments, text] : commands) {
        const auto outcome = run_as_nobody(arguments);
        assert_int_equal(outcome.status, 1);
        assert_string_equal(
            outcome.err.c_str(),
            ("soloctl: only root may change /etc/pam.d. Try: sudo soloctl " + text + "\n").c_str());
    }
}

void help_and_version_are_answers(void** /*state*/) {
    const auto help = run({.arguments = {"--help"}, .program = {}});
    assert_int_equal(help.status, 0);
    for (const auto* const command : {"list", "show", "end", "status", "validate", "config"})
        assert_contains(help.out, command);
    assert_contains(help.out, "/run/solo/sessions.sock");
    const auto of_command = run({.arguments = {"end", "--help"}, .program = {}});
    assert_int_equal(of_command.status, 0);
    assert_contains(of_command.out, "--account");
    const auto version = run({.arguments = {"--version"}, .program = {}});
    assert_int_equal(version.status, 0);
    assert_string_equal(version.out.c_str(), "soloctl " SOLO_VERSION "\n");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        WITH_HARNESS(status_is_ok),
        WITH_HARNESS(status_is_degraded_and_lists_the_problems),
        WITH_HARNESS(a_problem_that_solod_has_twice_is_shown_once),
        WITH_HARNESS(a_daemon_that_is_absent_is_unreachable),
        SOLO_TEST(a_server_that_closes_early_is_unreachable),
        SOLO_TEST(garbage_is_no_answer),
        SOLO_TEST(garbage_is_never_a_no_of_validate),
        SOLO_TEST(a_wrong_session_field_is_named),
        SOLO_TEST(errors_of_solod_are_sentences),
        SOLO_TEST(errors_of_varlink_are_sentences),
        SOLO_TEST(an_error_that_nobody_knows_is_shown_by_its_name),
        WITH_HARNESS(the_reason_of_a_server_that_does_not_read_is_heard),
        WITH_HARNESS(wrong_usage_exits_with_2),
        WITH_HARNESS(wrong_usage_is_named),
        WITH_HARNESS(wrong_usage_is_shown_escaped),
        WITH_HARNESS(an_empty_account_is_wrong_usage),
        SOLO_TEST(who_may_not_change_pam_is_told_the_command_that_may),
        SOLO_TEST(help_and_version_are_answers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
