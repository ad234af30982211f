// SPDX-License-Identifier: MIT
// pam_close_session and pam_end: over the line where it is one, and never in the wrong process.
#include "tests/pam/host_state.hpp"
#include "tests/pam/login_tests.hpp"

#include <array>
#include <functional>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

namespace {

using namespace solo::testing;
using solo::protocol::UniqueFd;
using solo::protocol::login::Close;
using solo::protocol::login::Confirm;

constexpr const char* id = FakeDaemon::granted_id;

/// A login that has its session; returns the line's descriptor.
int open_session(LoginProgram& program) {
    program.begin();
    assert_int_equal(program.open(), PAM_SUCCESS);
    (void)program.daemon().await_calls(2);
    const auto found = lines(program.socket());
    assert_int_equal(found.size(), 1);
    return *found.begin();
}

/// The last call is the Close of the session, the `count`th call in all.
void assert_closed_over(LoginProgram& program, int connection, std::size_t count = 3) {
    const auto calls = program.daemon().await_calls(count);
    assert_int_equal(calls.size(), count);
    assert_string_equal(calls.back().call.method.c_str(), std::string{Close::method}.c_str());
    assert_string_equal(calls.back().call.parameters.at("id").get<std::string>().c_str(), id);
    assert_false(calls.back().call.oneway);
    assert_int_equal(calls.back().connection, connection);
}

/// Runs the body in a forked child; what it returns.
int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(body());
    int status = 0;
    assert_int_equal(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void session_is_closed_over_its_line(void** state) {
    auto& program = program_of(state);
    open_session(program);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 0);
}

void session_whose_line_is_lost_is_closed_over_a_new_connection(void** state) {
    auto& program = program_of(state);
    open_session(program);
    program.daemon().drop_connections();
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1);
    assert_int_equal(lines(program.socket()).size(), 0);
}

void line_that_is_lost_while_closing_is_replaced(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Close>([](const Received& received) {
        return received.connection == 0 ? hang_up() : raw(to_frame(solo::protocol::Reply{}));
    });
    open_session(program);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1, 4);
}

void line_on_which_the_daemon_babbled_is_not_trusted_with_the_close(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Confirm>([](const Received&) { return raw(to_frame(solo::protocol::Reply{})); });
    open_session(program);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1);
}

void file_under_the_number_of_the_line_is_left_alone(void** state) {
    auto& program = program_of(state);
    const int line = open_session(program);
    const std::string path = program.directory() + "/other-file";
    const UniqueFd file{::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
    assert_int_equal(::dup2(file.get(), line), line);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1);
    struct stat at_path {};
    struct stat at_line {};
    assert_int_equal(::stat(path.c_str(), &at_path), 0);
    assert_int_equal(::fstat(line, &at_line), 0);
    assert_int_equal(at_line.st_ino, at_path.st_ino);
    assert_int_equal(at_path.st_size, 0);
    ::close(line);
}

void socket_under_the_number_of_the_line_is_left_alone(void** state) {
    auto& program = program_of(state);
    const int line = open_session(program);
    std::array<int, 2> pair{};
    assert_int_equal(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    const UniqueFd ours{pair[0]};
    const UniqueFd theirs{pair[1]};
    assert_int_equal(::dup2(theirs.get(), line), line);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1);
    char byte = 0;
    assert_int_equal(::recv(ours.get(), &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(::fcntl(line, F_GETFD), 0);
    ::close(line);
}

void pam_end_leaves_a_file_under_the_number_of_the_line_alone(void** state) {
    auto& program = program_of(state);
    const int line = open_session(program);
    const UniqueFd file{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    assert_int_equal(::dup2(file.get(), line), line);
    program.end();
    assert_int_equal(::fcntl(line, F_GETFD), 0);
    ::close(line);
}

void line_that_the_program_closed_does_no_harm(void** state) {
    auto& program = program_of(state);
    ::close(open_session(program));
    program.daemon().await_closed(0);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 1);
}

void pam_end_without_close_gives_the_line_back_and_closes_no_session(void** state) {
    auto& program = program_of(state);
    open_session(program);
    program.end();
    assert_int_equal(lines(program.socket()).size(), 0);
    program.daemon().await_closed(0);
    assert_int_equal(program.daemon().await_calls(2).size(), 2);
}

void pam_end_in_a_forked_child_does_nothing(void** state) {
    auto& program = program_of(state);
    const int line = open_session(program);
    for (const int flags : {PAM_SUCCESS, PAM_SUCCESS | PAM_DATA_SILENT}) {
        const int result = in_child([&] {
            program.end(flags);
            return lines(program.socket()).contains(line) ? 0 : 1;
        });
        assert_int_equal(result, 0);
    }
    assert_true(program.daemon().is_open(0));
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 0);
}

void forked_child_that_closes_uses_a_connection_of_its_own(void** state) {
    auto& program = program_of(state);
    const int line = open_session(program);
    const int result = in_child([&] {
        const int closed = program.close();
        return closed == PAM_SUCCESS && lines(program.socket()).contains(line) ? 0 : 1;
    });
    assert_int_equal(result, 0);
    assert_closed_over(program, 1);
    assert_true(program.daemon().is_open(0));
}

void closing_twice_succeeds_and_tells_the_daemon_once(void** state) {
    auto& program = program_of(state);
    open_session(program);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 0);
}

void another_handle_closes_by_the_id_in_the_pam_environment(void** state) {
    auto& program = program_of(state);
    program.begin();
    ::pam_putenv(program.handle(), (std::string{"SOLO_SESSION_ID="} + id).c_str());
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_closed_over(program, 0, 1);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
}

void where_nothing_was_opened_nothing_is_closed(void** state) {
    auto& program = program_of(state);
    program.begin();
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_int_equal(program.daemon().await_calls(0).size(), 0);
}

/// As the documentation says to set it up: after a jump (as in begin()) libpam drops what close returns. The
/// marker stands for the modules that follow.
void open_as_requisite(LoginProgram& program) {
    program.begin_with("alice", "session requisite " SOLO_MODULE " timeout=1 on_unavailable=allow socket=" +
                                    program.socket() + "\nsession required " SOLO_MARKER "\n");
    (void)program.open();
    assert_true(program.reached_marker);
    assert_int_equal(lines(program.socket()).size(), 1);
}

void absent_daemon_makes_close_fail_and_is_logged(void** state) {
    auto& program = program_of(state);
    open_as_requisite(program);
    program.stop_daemon();
    assert_int_equal(program.close(), PAM_SESSION_ERR);
    assert_int_equal(logged(LOG_WARNING, std::string{"session "} + id + " is not closed"), 1);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_int_equal(program.said.size(), 0);
}

void replies_that_are_no_yes_make_close_fail(void** state) {
    using solo::protocol::login::Refused;
    using solo::protocol::login::Unavailable;
    auto& program = program_of(state);
    const Answer answers[] = {error(Unavailable{.reason = "stops"}),
                              error(Refused{.message = "no", .holder = {}, .rule = "x"}),
                              raw(std::string{"[]"} + '\0'), raw("garbage")};
    for (const auto& answer : answers) {
        host_functions().log.clear();
        program.daemon().on<Close>([=](const Received&) { return answer; });
        open_as_requisite(program);
        assert_int_equal(program.close(), PAM_SESSION_ERR);
        assert_int_equal(logged(LOG_WARNING, "is not closed"), 1);
    }
}

void failed_close_does_not_keep_the_rest_of_the_stack_from_closing(void** state) {
    auto& program = program_of(state);
    open_as_requisite(program);
    program.stop_daemon();
    assert_int_equal(program.close(), PAM_SESSION_ERR);
    assert_true(program.reached_marker);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LOGIN_TEST(session_is_closed_over_its_line),
        SOLO_LOGIN_TEST(session_whose_line_is_lost_is_closed_over_a_new_connection),
        SOLO_LOGIN_TEST(line_that_is_lost_while_closing_is_replaced),
        SOLO_LOGIN_TEST(line_on_which_the_daemon_babbled_is_not_trusted_with_the_close),
        SOLO_LOGIN_TEST(file_under_the_number_of_the_line_is_left_alone),
        SOLO_LOGIN_TEST(socket_under_the_number_of_the_line_is_left_alone),
        SOLO_LOGIN_TEST(pam_end_leaves_a_file_under_the_number_of_the_line_alone),
        SOLO_LOGIN_TEST(line_that_the_program_closed_does_no_harm),
        SOLO_LOGIN_TEST(pam_end_without_close_gives_the_line_back_and_closes_no_session),
        SOLO_LOGIN_TEST(pam_end_in_a_forked_child_does_nothing),
        SOLO_LOGIN_TEST(forked_child_that_closes_uses_a_connection_of_its_own),
        SOLO_LOGIN_TEST(closing_twice_succeeds_and_tells_the_daemon_once),
        SOLO_LOGIN_TEST(another_handle_closes_by_the_id_in_the_pam_environment),
        SOLO_LOGIN_TEST(where_nothing_was_opened_nothing_is_closed),
        SOLO_LOGIN_TEST(absent_daemon_makes_close_fail_and_is_logged),
        SOLO_LOGIN_TEST(replies_that_are_no_yes_make_close_fail),
        SOLO_LOGIN_TEST(failed_close_does_not_keep_the_rest_of_the_stack_from_closing),
    };
    return run_login_tests("session close", tests);
}
