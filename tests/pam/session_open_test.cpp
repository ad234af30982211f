// SPDX-License-Identifier: MIT
// pam_open_session: the daemon decides, the module confirms and keeps the line.
#include "tests/pam/host_state.hpp"
#include "tests/pam/login_tests.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

namespace {

using namespace solo::testing;
using solo::protocol::Decision;
using solo::protocol::to_text;
using solo::protocol::login::Close;
using solo::protocol::login::Confirm;
using solo::protocol::login::Open;
using solo::protocol::login::Refused;

constexpr const char* id = FakeDaemon::granted_id;

Answer granted(std::optional<std::string> notice = {}) {
    return reply(Open::Reply{.decision = Decision::grant, .id = id, .notice = std::move(notice)});
}

std::string nonce_of(const Received& received) {
    return received.call.parameters.at("nonce").get<std::string>();
}

void assert_method(const Received& received, std::string_view method) {
    assert_string_equal(received.call.method.c_str(), std::string{method}.c_str());
}

void grant_is_confirmed_once_on_the_connection_of_open(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(3);
    assert_int_equal(calls.size(), 3);
    assert_method(calls[0], Open::method);
    assert_false(calls[0].call.oneway);
    assert_method(calls[1], Confirm::method);
    assert_true(calls[1].call.oneway);
    assert_int_equal(calls[1].connection, 0);
    assert_string_equal(calls[1].call.parameters.at("id").get<std::string>().c_str(), id);
    assert_method(calls[2], Close::method);
    assert_int_equal(program.said.size(), 0);
    assert_int_equal(host_functions().log.size(), 0);
}

void open_says_who_logs_in_and_from_where(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    auto parameters = program.daemon().await_calls(1)[0].call.parameters;
    parameters.erase("nonce");
    const solo::protocol::Json expected{
        {"account", {{"name", "alice"}, {"uid", 1000}}},
        {"origin", {{"service", "test-login"}, {"tty", "pts/7"}, {"rhost", "10.0.0.5"}}}};
    assert_string_equal(to_text(parameters).c_str(), to_text(expected).c_str());
}

void every_login_has_a_nonce_of_its_own(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(5);
    const std::string first = nonce_of(calls[0]);
    assert_int_equal(first.size(), 32);
    assert_int_equal(first.find_first_not_of("0123456789abcdef"), std::string::npos);
    assert_string_not_equal(first.c_str(), nonce_of(calls[3]).c_str());
}

void line_stays_open_until_close(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto found = lines(program.socket());
    assert_int_equal(found.size(), 1);
    assert_int_equal(::fcntl(*found.begin(), F_GETFD), FD_CLOEXEC);
    assert_true(program.daemon().is_open(0));
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(lines(program.socket()).size(), 0);
    program.daemon().await_closed(0);
}

void line_tells_its_inode_by_its_name(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    const int line = *lines(program.socket()).begin();
    struct stat status {};
    assert_int_equal(::fstat(line, &status), 0);
    sockaddr_un name{};
    socklen_t size = sizeof name;
    assert_int_equal(::getsockname(line, reinterpret_cast<sockaddr*>(&name), &size), 0);
    assert_true(size > offsetof(sockaddr_un, sun_path) + 1 && name.sun_path[0] == '\0');
    const std::string text{name.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1};
    assert_string_equal(text.c_str(), ("solo/" + std::to_string(status.st_ino)).c_str());
}

void id_is_in_the_pam_environment_until_close(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_string_equal(program.variable("SOLO_SESSION_ID").value_or("").c_str(), id);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
}

void notice_is_told_once_on_a_grant(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>(
        [](const Received&) { return granted("Your session from 10.0.0.9 was ended."); });
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.said.size(), 1);
    assert_int_equal(program.said[0].style, PAM_TEXT_INFO);
    assert_string_equal(program.said[0].text.c_str(), "Your session from 10.0.0.9 was ended.");
}

void notice_is_not_told_where_the_program_wants_silence(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) { return granted("x"); });
    program.begin();
    assert_int_equal(program.open(PAM_SILENT), PAM_SUCCESS);
    assert_int_equal(program.said.size(), 0);
}

void notice_that_nobody_hears_changes_no_grant(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) { return granted("x"); });
    program.conversation_result = PAM_CONV_ERR;
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    program.has_conversation = false;
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
}

void refusal_in_session_denies_without_a_word(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) {
        return error(
            Refused{.message = "held\nby another", .holder = {}, .rule = "[User alice] MaxSessions"});
    });
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(program.said.size(), 0);
    assert_int_equal(logged(LOG_NOTICE, "alice refused by [User alice] MaxSessions: held\\x0aby another"), 1);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
    assert_int_equal(program.daemon().await_calls(1).size(), 1);
}

void root_is_denied_by_a_genuine_refusal(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>(
        [](const Received&) { return error(Refused{.message = "held", .holder = {}, .rule = "x"}); });
    program.begin("root");
    assert_int_equal(program.open(), PAM_PERM_DENIED);
}

void what_is_no_login_is_ignored_at_open_and_close(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) {
        return reply(Open::Reply{.decision = Decision::ignore, .id = {}, .notice = "x"});
    });
    program.begin();
    assert_int_equal(program.open(), PAM_IGNORE);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
    assert_int_equal(program.close(), PAM_IGNORE);
    program.daemon().await_closed(0);
    assert_int_equal(program.daemon().await_calls(1).size(), 1);
    assert_int_equal(program.said.size(), 0);
}

void yes_in_account_asks_for_takeover_once(void** state) {
    auto& program = program_of(state);
    program.begin();
    ::pam_putenv(program.handle(), "SOLO_TAKEOVER=1");
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_false(program.variable("SOLO_TAKEOVER").has_value());
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(5);
    assert_true(calls[0].call.parameters.at("takeover") == true);
    assert_false(calls[3].call.parameters.contains("takeover"));
}

void yes_is_gone_whatever_becomes_of_the_login(void** state) {
    auto& program = program_of(state);
    const auto open_with_yes = [&](const std::string& user) {
        program.begin(user);
        ::pam_putenv(program.handle(), "SOLO_TAKEOVER=1");
        const int result = program.open();
        assert_false(program.variable("SOLO_TAKEOVER").has_value());
        return result;
    };
    program.daemon().on<Open>(
        [](const Received&) { return error(Refused{.message = "x", .holder = {}, .rule = "x"}); });
    assert_int_equal(open_with_yes("alice"), PAM_PERM_DENIED);
    program.daemon().on<Open>([](const Received&) {
        return reply(Open::Reply{.decision = Decision::ignore, .id = {}, .notice = {}});
    });
    assert_int_equal(open_with_yes("alice"), PAM_IGNORE);
    program.stop_daemon();
    assert_int_equal(open_with_yes("root"), PAM_SUCCESS);
    assert_int_equal(open_with_yes("no\nname"), PAM_PERM_DENIED);
}

void variable_that_says_anything_else_is_no_yes(void** state) {
    auto& program = program_of(state);
    program.begin();
    ::pam_putenv(program.handle(), "SOLO_TAKEOVER=11");
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_false(program.variable("SOLO_TAKEOVER").has_value());
    assert_false(program.daemon().await_calls(1)[0].call.parameters.contains("takeover"));
}

/// Two attempts, the second of which succeeded.
void assert_same_nonce_twice(LoginProgram& program) {
    const auto calls = program.daemon().await_calls(3);
    std::vector<std::string> nonces;
    for (const auto& received : calls) {
        if (received.call.method == Open::method)
            nonces.push_back(nonce_of(received));
    }
    assert_int_equal(nonces.size(), 2);
    assert_string_equal(nonces[0].c_str(), nonces[1].c_str());
    const auto confirms = std::ranges::count_if(
        calls, [](const Received& received) { return received.call.method == Confirm::method; });
    assert_int_equal(confirms, 1);
    assert_int_equal(calls.back().connection, 1);
    assert_int_equal(lines(program.socket()).size(), 1);
}

void connection_lost_in_open_is_retried_with_the_same_nonce(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>(
        [](const Received& received) { return received.connection == 0 ? hang_up() : granted(); });
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_same_nonce_twice(program);
}

void confirm_that_cannot_be_sent_is_retried_with_the_same_nonce(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received& received) {
        Answer answer = granted();
        answer.deafens = received.connection == 0;
        return answer;
    });
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_same_nonce_twice(program);
}

void daemon_that_starts_meanwhile_is_found(void** state) {
    auto& program = program_of(state);
    int attempts = 0;
    host_functions().before_connect = [&] {
        if (++attempts == 3)
            program.start_daemon();
    };
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(attempts, 3);
}

void daemon_that_restarts_within_open_is_found_again(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) { return hang_up(); });
    int attempts = 0;
    host_functions().before_connect = [&] {
        ++attempts;
        if (attempts == 2)
            program.stop_daemon();
        if (attempts == 4)
            program.start_daemon();
    };
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(attempts, 4);
}

void daemon_that_loses_every_connection_is_given_up(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) { return hang_up(); });
    program.begin();
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(program.daemon().await_calls(6).size(), 6);
}

/// A session that the module cannot keep is not left behind in the daemon.
void assert_closed_and_denied(LoginProgram& program) {
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    const auto calls = program.daemon().await_calls(3);
    assert_method(calls[2], Close::method);
    assert_string_equal(calls[2].call.parameters.at("id").get<std::string>().c_str(), id);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
    assert_int_equal(program.said.size(), 0);
}

void session_that_pam_does_not_keep_is_closed_again(void** state) {
    auto& program = program_of(state);
    host_functions().set_data_fails = true;
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_closed_and_denied(program);
}

void session_whose_id_pam_does_not_keep_is_closed_again(void** state) {
    auto& program = program_of(state);
    host_functions().putenv_fails = "SOLO_SESSION_ID";
    program.daemon().on<Open>([](const Received&) { return granted("a notice that must not be told"); });
    program.begin("alice", "timeout=5 on_unavailable=allow");
    assert_closed_and_denied(program);
}

void ignored_session_that_pam_does_not_keep_is_denied(void** state) {
    auto& program = program_of(state);
    host_functions().set_data_fails = true;
    program.daemon().on<Open>([](const Received&) {
        return reply(Open::Reply{.decision = Decision::ignore, .id = {}, .notice = {}});
    });
    program.begin();
    assert_int_equal(program.open(), PAM_PERM_DENIED);
}

// The session line twice in one stack.

std::string two_lines(const LoginProgram& program) {
    const std::string line = "session requisite " SOLO_MODULE " timeout=5 socket=" + program.socket() + "\n";
    return line + line + "session required pam_permit.so\n";
}

void second_line_of_a_stack_is_part_of_the_session_of_the_first(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received& received) {
        return received.connection == 0 ? granted("a notice")
                                        : error(Refused{.message = "held", .holder = {}, .rule = "x"});
    });
    program.begin_with("alice", two_lines(program));
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.daemon().await_calls(2).size(), 2); // Open and Confirm
    assert_int_equal(lines(program.socket()).size(), 1);
    assert_true(program.daemon().is_open(0));
    assert_string_equal(program.variable("SOLO_SESSION_ID").value_or("").c_str(), id);
    assert_int_equal(program.said.size(), 1);
    assert_int_equal(logged(LOG_NOTICE, "may stand twice"), 1);

    assert_int_equal(program.close(), PAM_SUCCESS);
    const auto calls = program.daemon().await_calls(3);
    assert_int_equal(calls.size(), 3);
    assert_method(calls[2], Close::method);
    assert_int_equal(calls[2].connection, 0);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
}

void refusal_of_the_first_line_of_a_stack_is_not_passed_over(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Open>(
        [](const Received&) { return error(Refused{.message = "held", .holder = {}, .rule = "x"}); });
    const std::string line = "session required " SOLO_MODULE " timeout=5 socket=" + program.socket() + "\n";
    program.begin_with("alice", line + line);
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_int_equal(program.daemon().await_calls(2).size(), 2); // both have asked
    assert_int_equal(logged(LOG_NOTICE, "may stand twice"), 0);
}

/// As sudo and su do it: what the handle holds is somebody else's.
void session_of_another_account_is_not_joined(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    program.daemon().on<Open>(
        [](const Received&) { return error(Refused{.message = "held", .holder = {}, .rule = "x"}); });
    program.set_item(PAM_USER, "bob");
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    const auto calls = program.daemon().await_calls(3);
    assert_method(calls[2], Open::method);
    assert_string_equal(calls[2].call.parameters.at("account").at("name").get<std::string>().c_str(), "bob");
    assert_int_equal(logged(LOG_NOTICE, "may stand twice"), 0);
}

void session_whose_line_is_lost_is_not_joined(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    (void)program.daemon().await_calls(2); // its Confirm has no answer
    program.daemon().drop_connections();
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_method(program.daemon().await_calls(3)[2], Open::method);
    assert_int_equal(lines(program.socket()).size(), 1);
}

/// A daemon that forks for each login may have opened a session of its own before.
void session_of_the_process_that_forked_is_not_joined(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    (void)program.daemon().await_calls(2);
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(program.open());
    int status = 0;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_method(program.daemon().await_calls(3)[2], Open::method);
}

void debug_tells_the_log_what_happens(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=5 debug");
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(logged(LOG_DEBUG, "alice: grant"), 1);
    assert_int_equal(logged(LOG_DEBUG, std::string{"session "} + id + " opened"), 1);
    assert_int_equal(logged(LOG_DEBUG, std::string{"session "} + id + " closed"), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LOGIN_TEST(grant_is_confirmed_once_on_the_connection_of_open),
        SOLO_LOGIN_TEST(open_says_who_logs_in_and_from_where),
        SOLO_LOGIN_TEST(every_login_has_a_nonce_of_its_own),
        SOLO_LOGIN_TEST(line_stays_open_until_close),
        SOLO_LOGIN_TEST(line_tells_its_inode_by_its_name),
        SOLO_LOGIN_TEST(id_is_in_the_pam_environment_until_close),
        SOLO_LOGIN_TEST(notice_is_told_once_on_a_grant),
        SOLO_LOGIN_TEST(notice_is_not_told_where_the_program_wants_silence),
        SOLO_LOGIN_TEST(notice_that_nobody_hears_changes_no_grant),
        SOLO_LOGIN_TEST(refusal_in_session_denies_without_a_word),
        SOLO_LOGIN_TEST(root_is_denied_by_a_genuine_refusal),
        SOLO_LOGIN_TEST(what_is_no_login_is_ignored_at_open_and_close),
        SOLO_LOGIN_TEST(yes_in_account_asks_for_takeover_once),
        SOLO_LOGIN_TEST(yes_is_gone_whatever_becomes_of_the_login),
        SOLO_LOGIN_TEST(variable_that_says_anything_else_is_no_yes),
        SOLO_LOGIN_TEST(connection_lost_in_open_is_retried_with_the_same_nonce),
        SOLO_LOGIN_TEST(confirm_that_cannot_be_sent_is_retried_with_the_same_nonce),
        SOLO_LONELY_LOGIN_TEST(daemon_that_starts_meanwhile_is_found),
        SOLO_LOGIN_TEST(daemon_that_restarts_within_open_is_found_again),
        SOLO_LOGIN_TEST(daemon_that_loses_every_connection_is_given_up),
        SOLO_LOGIN_TEST(session_that_pam_does_not_keep_is_closed_again),
        SOLO_LOGIN_TEST(session_whose_id_pam_does_not_keep_is_closed_again),
        SOLO_LOGIN_TEST(ignored_session_that_pam_does_not_keep_is_denied),
        SOLO_LOGIN_TEST(second_line_of_a_stack_is_part_of_the_session_of_the_first),
        SOLO_LOGIN_TEST(refusal_of_the_first_line_of_a_stack_is_not_passed_over),
        SOLO_LOGIN_TEST(session_of_another_account_is_not_joined),
        SOLO_LOGIN_TEST(session_whose_line_is_lost_is_not_joined),
        SOLO_LOGIN_TEST(session_of_the_process_that_forked_is_not_joined),
        SOLO_LOGIN_TEST(debug_tells_the_log_what_happens),
    };
    return run_login_tests("session open", tests);
}
