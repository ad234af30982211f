// SPDX-License-Identifier: MIT
// The module is a guest: apart from the line, the login program is as it was.
#include "tests/pam/host_state.hpp"
#include "tests/pam/login_tests.hpp"

#include <csignal>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#if defined(__SANITIZE_ADDRESS__)
#define SOLO_IS_SANITIZED 1
#elif defined(__has_feature)
#define SOLO_IS_SANITIZED __has_feature(address_sanitizer)
#else
#define SOLO_IS_SANITIZED 0
#endif

namespace {

thread_local bool memory_is_exhausted = false;

} // namespace

#if !SOLO_IS_SANITIZED
extern "C" {
void* __libc_malloc(std::size_t size); // NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
    return memory_is_exhausted ? nullptr : __libc_malloc(size);
}
}
#endif

namespace {

using namespace solo::testing;
using solo::protocol::login::Check;
using solo::protocol::login::Open;
using solo::protocol::login::Refused;

/// A line each, so that a failure says which there are.
std::string text(const std::map<int, std::string>& descriptors) {
    std::string lines;
    for (const auto& [fd, target] : descriptors)
        lines += std::to_string(fd) + " " + target + "\n";
    return lines;
}

void assert_same(const HostState& before, const HostState& after) {
    assert_string_equal(text(before.descriptors).c_str(), text(after.descriptors).c_str());
    assert_true(before.signals == after.signals);
    assert_string_equal(before.file_mask.c_str(), after.file_mask.c_str());
    assert_string_equal(before.threads.c_str(), after.threads.c_str());
    assert_string_equal(before.directory.c_str(), after.directory.c_str());
    assert_true(before.environment == after.environment);
    assert_int_equal(before.children, after.children);
}

HostState without_line(HostState state, const std::string& socket) {
    const auto found = lines(socket);
    assert_int_equal(found.size(), 1);
    assert_int_equal(state.descriptors.erase(*found.begin()), 1);
    return state;
}

void granted_login_leaves_the_host_as_it_was_but_for_the_line(void** state) {
    auto& program = program_of(state);
    program.begin();
    (void)program.authenticate(); // libpam and libc have opened what they keep open
    const auto before = host_state(program.socket());
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_same(before, host_state(program.socket()));
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_same(before, without_line(host_state(program.socket()), program.socket()));
    assert_int_equal(program.close(), PAM_SUCCESS);
    assert_same(before, host_state(program.socket()));
}

void denied_login_leaves_the_host_as_it_was(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=1");
    (void)program.authenticate();
    const auto before = host_state(program.socket());
    for (const auto& answer : {error(Refused{.message = "held", .holder = {}, .rule = "x"}), hang_up(),
                               raw(std::string{"garbage\0", 8}), silence()}) {
        program.daemon().on<Check>([=](const Received&) { return answer; });
        program.daemon().on<Open>([=](const Received&) { return answer; });
        assert_int_equal(program.account(), PAM_PERM_DENIED);
        assert_int_equal(program.open(), PAM_PERM_DENIED);
        assert_same(before, host_state(program.socket()));
    }
}

void signal_mask_umask_and_directory_of_the_program_are_its_own(void** state) {
    auto& program = program_of(state);
    sigset_t odd;
    sigset_t usual;
    ::sigemptyset(&odd);
    ::sigaddset(&odd, SIGCHLD);
    ::sigaddset(&odd, SIGPIPE);
    ::sigprocmask(SIG_SETMASK, &odd, &usual);
    const mode_t usual_mask = ::umask(0137);
    program.begin();
    (void)program.authenticate();
    const auto before = host_state(program.socket());
    const int opened = program.open();
    const auto after = host_state(program.socket());
    ::sigprocmask(SIG_SETMASK, &usual, nullptr);
    ::umask(usual_mask);
    assert_int_equal(opened, PAM_SUCCESS);
    assert_same(before, without_line(after, program.socket()));
}

/// What is wrong after a session was opened with descriptors 0 to 2 closed; 0 where nothing is.
int open_without_standard_descriptors(LoginProgram& program) {
    program.begin();
    for (const int fd : {0, 1, 2})
        ::close(fd);
    if (program.open() != PAM_SUCCESS)
        return 1;
    const auto found = lines(program.socket());
    if (found.size() != 1 || *found.begin() <= 2)
        return 2;
    for (const int fd : {0, 1, 2}) {
        if (::fcntl(fd, F_GETFD) != -1)
            return 3;
    }
    if (program.close() != PAM_SUCCESS || !lines(program.socket()).empty())
        return 4;
    return ::fcntl(0, F_GETFD) == -1 ? 0 : 5;
}

void line_is_above_two_where_the_standard_descriptors_are_closed(void** state) {
    auto& program = program_of(state);
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(open_without_standard_descriptors(program));
    int status = 0;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(program.daemon().await_calls(3).size(), 3);
}

void program_without_a_free_descriptor_is_denied(void** state) {
    auto& program = program_of(state);
    program.begin();
    (void)program.authenticate();
    host_functions().before_connect = [] { fail_msg("there was a descriptor"); };
    std::vector<solo::protocol::UniqueFd> all;
    do {
        all.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    } while (all.back());
    const int account = program.account();
    const int open = program.open();
    all.clear();
    assert_int_not_equal(account, PAM_SUCCESS); // libpam's own trouble with the audit socket comes out
    assert_int_not_equal(open, PAM_SUCCESS);
    assert_int_equal(logged(LOG_ERR, "alice denied without solod: system error (Too many open files)"), 2);
}

void exhausted_memory_denies(void** state) {
    if (SOLO_IS_SANITIZED)
        skip(); // its malloc stands where ours would
    auto& program = program_of(state);
    program.begin("root", "timeout=5 on_unavailable=allow");
    (void)program.authenticate();
    host_functions().before_connect = [] { memory_is_exhausted = true; };
    host_functions().before_log = [] { memory_is_exhausted = false; };
    const int account = program.account();
    const int open = program.open();
    assert_int_equal(host_functions().log.size(), 2); // libpam has no memory for the text either
    assert_int_equal(account, PAM_BUF_ERR);
    assert_int_equal(open, PAM_BUF_ERR);
    assert_int_equal(lines(program.socket()).size(), 0);
}

void mistakes_in_the_arguments_are_logged_and_loosen_nothing(void** state) {
    auto& program = program_of(state);
    program.daemon().on<Check>([](const Received&) { return raw(std::string{"garbage\0", 8}); });
    program.begin("alice", "timeout=5 on_unavailable=allow on_unavailable=alow bo\x1Bgus");
    assert_int_equal(program.account(), PAM_PERM_DENIED);
    assert_int_equal(logged(LOG_ERR, "unknown or malformed argument: on_unavailable=alow"), 1);
    assert_int_equal(logged(LOG_ERR, "unknown or malformed argument: bo\\x1bgus"), 1);
}

void* open_in_thread(void* program) {
    (void)static_cast<LoginProgram*>(program)->open();
    ::pthread_testcancel();
    return nullptr;
}

/// Unwinding through the module would abort the program.
void thread_that_is_cancelled_in_the_module_ends_after_it(void** state) {
    if (SOLO_IS_SANITIZED)
        skip(); // it does not get over a cancelled thread
    auto& program = program_of(state);
    program.daemon().on<Open>([](const Received&) { return silence(); });
    program.begin("alice", "timeout=1");
    pthread_t thread{};
    assert_int_equal(::pthread_create(&thread, nullptr, open_in_thread, &program), 0);
    (void)program.daemon().await_calls(1);
    assert_int_equal(::pthread_cancel(thread), 0);
    void* result = nullptr;
    assert_int_equal(::pthread_join(thread, &result), 0);
    assert_true(result == PTHREAD_CANCELED);
    assert_int_equal(logged(LOG_ERR, "no answer in time"), 1);
    program.daemon().await_closed(0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LOGIN_TEST(granted_login_leaves_the_host_as_it_was_but_for_the_line),
        SOLO_LOGIN_TEST(denied_login_leaves_the_host_as_it_was),
        SOLO_LOGIN_TEST(signal_mask_umask_and_directory_of_the_program_are_its_own),
        SOLO_LOGIN_TEST(line_is_above_two_where_the_standard_descriptors_are_closed),
        SOLO_LOGIN_TEST(program_without_a_free_descriptor_is_denied),
        SOLO_LOGIN_TEST(exhausted_memory_denies),
        SOLO_LOGIN_TEST(mistakes_in_the_arguments_are_logged_and_loosen_nothing),
        SOLO_LOGIN_TEST(thread_that_is_cancelled_in_the_module_ends_after_it),
    };
    return run_login_tests("guest", tests);
}
