// SPDX-License-Identifier: MIT
// A daemon that cannot be asked: denied unless configured otherwise, in time, and never root.
#include "tests/pam/host_state.hpp"
#include "tests/pam/login_tests.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>

namespace {

using namespace solo::testing;
using namespace std::chrono_literals;
using solo::protocol::Json;
using solo::protocol::to_text;
using solo::protocol::UniqueFd;
using solo::protocol::login::Check;
using solo::protocol::login::Open;
using solo::protocol::login::Unavailable;

using Clock = std::chrono::steady_clock;

constexpr const char* cannot_check = "Logins cannot be checked now; please try again later.";

void assert_between(Clock::duration time, Clock::duration least, Clock::duration most) {
    const auto in_ms = [](Clock::duration d) {
        return static_cast<LargestIntegralType>(
            std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
    };
    assert_in_range(in_ms(time), in_ms(least), in_ms(most));
}

/// Both phases, with nothing left behind.
void assert_both(LoginProgram& program, int result) {
    assert_int_equal(program.account(), result);
    assert_int_equal(program.open(), result);
    assert_int_equal(lines(program.socket()).size(), 0);
    assert_false(program.variable("SOLO_SESSION_ID").has_value());
}

void answer_all(LoginProgram& program, const Answer& answer) {
    program.daemon().on<Check>([=](const Received&) { return answer; });
    program.daemon().on<Open>([=](const Received&) { return answer; });
}

void absent_daemon_denies_within_two_seconds(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "");
    for (const auto phase : {&LoginProgram::account, &LoginProgram::open}) {
        const auto start = Clock::now();
        assert_int_equal((program.*phase)(0), PAM_PERM_DENIED);
        assert_between(Clock::now() - start, 900ms, 2s);
    }
    assert_int_equal(logged(LOG_ERR, "alice denied without solod: nobody listens (No such file"), 2);
    assert_int_equal(logged(LOG_CRIT, ""), 0);
}

void absence_is_told_in_account_and_not_in_session(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=1");
    assert_both(program, PAM_PERM_DENIED);
    assert_int_equal(program.said.size(), 1);
    assert_int_equal(program.said[0].style, PAM_ERROR_MSG);
    assert_string_equal(program.said[0].text.c_str(), cannot_check);
    program.said.clear();
    assert_int_equal(program.account(PAM_SILENT), PAM_PERM_DENIED);
    assert_int_equal(program.said.size(), 0);
}

/// Let in in both phases, each logged once as critical, with the reason.
void assert_let_in(LoginProgram& program, const std::string& why) {
    assert_both(program, PAM_SUCCESS);
    assert_int_equal(logged(LOG_CRIT, "let in without solod; allowed by " + why), 2);
    assert_int_equal(program.said.size(), 0);
    assert_int_equal(program.close(), PAM_SUCCESS);
}

void on_unavailable_allow_lets_in_and_is_logged(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=1 on_unavailable=allow");
    assert_let_in(program, "on_unavailable=allow");
}

void root_is_never_denied_by_a_failure(void** state) {
    auto& program = program_of(state);
    program.begin("root", "timeout=1 on_unavailable=deny");
    assert_let_in(program, "uid 0");
}

void break_glass_group_is_never_denied_by_a_failure(void** state) {
    auto& program = program_of(state);
    answer_all(program, error(Unavailable{.reason = "stops"}));
    host_functions().wheel = 500;
    program.begin("bob", "timeout=1 break_glass=wheel");
    assert_let_in(program, "break_glass=wheel");
}

void break_glass_is_for_its_members_only(void** state) {
    auto& program = program_of(state);
    answer_all(program, error(Unavailable{.reason = "stops"}));
    host_functions().wheel = 500;
    program.begin("alice", "timeout=1 break_glass=wheel");
    assert_both(program, PAM_PERM_DENIED);
}

void break_glass_group_that_is_unknown_has_no_members(void** state) {
    auto& program = program_of(state);
    answer_all(program, error(Unavailable{.reason = "stops"}));
    program.begin("bob", "timeout=1 break_glass=wheel");
    assert_both(program, PAM_PERM_DENIED);
}

void account_that_nss_does_not_know_is_denied_by_a_failure(void** state) {
    auto& program = program_of(state);
    answer_all(program, error(Unavailable{.reason = "stops"}));
    host_functions().wheel = 500;
    program.begin("virtual", "timeout=1 break_glass=wheel");
    assert_both(program, PAM_PERM_DENIED);
}

/// The text of a reply with its NUL.
std::string frame(const Json& message) {
    return to_text(message) + '\0';
}

std::vector<Answer> malformed_answers() {
    const Json grant{{"decision", "grant"}, {"id", FakeDaemon::granted_id}, {"rule", "x"}};
    const auto with = [&](const char* name, const Json& value) {
        Json parameters = grant;
        parameters[name] = value;
        return raw(frame({{"parameters", parameters}}));
    };
    Answer half = raw(R"({"parameters":{"decision":"gra)");
    half.hangs_up = true;
    std::vector<Answer> answers{
        half,
        raw(std::string{"\0", 1}),
        raw(std::string{"garbage\0", 8}),
        raw(frame(Json::array({grant}))),
        raw(frame("grant")),
        raw(frame(Json::object())),
        raw(frame({{"parameters", {1, 2}}})),
        raw(frame({{"parameters", grant}, {"continues", true}})),
        raw(frame({{"parameters", grant}, {"continues", "no"}})),
        raw(frame({{"parameters", grant}, {"error", 7}})),
        raw(frame({{"parameters", grant}, {"error", ""}})),
        raw(frame({{"parameters", grant}, {"error", "org.example.Unheard"}})),
        raw(frame({{"parameters", grant}, {"error", "org.pamsolo.Login.Refused"}})),
        raw(frame({{"error", "org.pamsolo.Login.PermissionDenied"}})),
        raw(frame({{"error", "org.pamsolo.Login.Unavailable"}, {"parameters", {{"reason", "stops"}}}})),
        raw(frame({{"error", "org.varlink.service.InvalidParameter"}, {"parameters", {{"parameter", "x"}}}})),
        raw(frame({{"error", "org.varlink.service.MethodNotFound"}})),
        raw("{\"parameters\":" + std::string(100, '[') + std::string(100, ']') + '}' + '\0'),
        raw(std::string(std::size_t{1} << 20U, ' ')),
        raw(std::string{"{\"parameters\":{\"decision\":\"grant\",\"rule\":\"\xFF\"}}"} + '\0'),
        with("decision", "admit"),
        with("decision", ""),
        with("decision", 1),
        with("decision", nullptr),
    };
    return answers;
}

void malformed_replies_are_denied(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=2");
    for (const auto& answer : malformed_answers()) {
        answer_all(program, answer);
        assert_both(program, PAM_PERM_DENIED);
    }
}

void malformed_replies_let_in_where_that_is_configured(void** state) {
    auto& program = program_of(state);
    program.begin("alice", "timeout=2 on_unavailable=allow");
    for (const auto& answer : malformed_answers()) {
        host_functions().log.clear();
        answer_all(program, answer);
        assert_both(program, PAM_SUCCESS);
        assert_int_equal(logged(LOG_CRIT, "alice let in without solod; allowed by on_unavailable=allow"), 2);
    }
}

/// A reply that Open may not give.
void ungranted_replies_to_open_are_denied(void** state) {
    auto& program = program_of(state);
    program.begin();
    const std::string long_id(65, 'a');
    const Json replies[] = {
        {{"decision", "refuse"}, {"id", "a"}},
        {{"decision", "supersede"}, {"id", "a"}},
        {{"decision", "ask"}, {"id", "a"}},
        {{"decision", "grant"}},
        {{"decision", "grant"}, {"id", nullptr}},
        {{"decision", "grant"}, {"id", ""}},
        {{"decision", "grant"}, {"id", 7}},
        {{"decision", "grant"}, {"id", "a b"}},
        {{"decision", "grant"}, {"id", "a\nLD_PRELOAD=x"}},
        {{"decision", "grant"}, {"id", std::string{"a\0b", 3}}},
        {{"decision", "grant"}, {"id", long_id}},
        {{"decision", "grant"}, {"id", "a"}, {"notice", 7}},
    };
    for (const auto& parameters : replies) {
        program.daemon().on<Open>([=](const Received&) { return raw(frame({{"parameters", parameters}})); });
        assert_int_equal(program.open(), PAM_PERM_DENIED);
        assert_int_equal(lines(program.socket()).size(), 0);
        assert_false(program.variable("SOLO_SESSION_ID").has_value());
    }
    for (const auto& received : program.daemon().await_calls(std::size(replies)))
        assert_string_equal(received.call.method.c_str(), std::string{Open::method}.c_str());
}

void no_beginning_of_a_grant_is_a_grant(void** state) {
    auto& program = program_of(state);
    program.begin();
    const std::string grant =
        frame({{"parameters", {{"decision", "grant"}, {"id", FakeDaemon::granted_id}, {"rule", "x"}}}});
    for (std::size_t length = 1; length < grant.size(); ++length) {
        Answer answer = raw(grant.substr(0, length));
        answer.hangs_up = true;
        answer_all(program, answer);
        assert_both(program, PAM_PERM_DENIED);
    }
}

void second_reply_after_a_grant_is_not_heard(void** state) {
    auto& program = program_of(state);
    const std::string grant =
        frame({{"parameters", {{"decision", "grant"}, {"id", FakeDaemon::granted_id}, {"rule", "x"}}}});
    const std::string refusal =
        frame({{"error", "org.pamsolo.Login.Refused"}, {"parameters", {{"message", "m"}, {"rule", "x"}}}});
    answer_all(program, raw(grant + refusal));
    program.begin();
    assert_int_equal(program.account(), PAM_SUCCESS);
    assert_int_equal(program.open(), PAM_SUCCESS);
    assert_int_equal(program.close(), PAM_SUCCESS);
    answer_all(program, raw(refusal + grant));
    assert_both(program, PAM_PERM_DENIED);
}

/// The whole phase returns by its deadline of a second.
void assert_in_time(LoginProgram& program) {
    program.begin("alice", "timeout=1");
    for (const auto phase : {&LoginProgram::account, &LoginProgram::open}) {
        const auto start = Clock::now();
        assert_int_equal((program.*phase)(0), PAM_PERM_DENIED);
        assert_between(Clock::now() - start, 950ms, 2s);
    }
    assert_int_equal(logged(LOG_ERR, "no answer in time"), 2);
    assert_int_equal(lines(program.socket()).size(), 0);
}

void daemon_that_accepts_and_never_answers_does_not_outlast_the_deadline(void** state) {
    answer_all(program_of(state), silence());
    assert_in_time(program_of(state));
}

void daemon_that_sends_byte_after_byte_does_not_outlast_the_deadline(void** state) {
    Answer trickle = raw(" ");
    trickle.trickles = true;
    answer_all(program_of(state), trickle);
    assert_in_time(program_of(state));
}

void daemon_that_does_not_even_accept_does_not_outlast_the_deadline(void** state) {
    auto& program = program_of(state);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    program.socket().copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    const UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(::bind(listener.get(), generic, sizeof address), 0);
    assert_int_equal(::listen(listener.get(), 0), 0);
    std::vector<UniqueFd> waiting;
    do {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    } while (::connect(waiting.back().get(), generic, sizeof address) == 0);

    program.begin("alice", "timeout=1");
    const auto start = Clock::now();
    assert_int_equal(program.open(), PAM_PERM_DENIED);
    assert_between(Clock::now() - start, 950ms, 2s);
}

void signals_do_not_prolong_the_deadline(void** state) {
    auto& program = program_of(state);
    answer_all(program, silence());
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &before);
    const itimerval often{{0, 10'000}, {0, 10'000}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    program.begin("alice", "timeout=1");
    const auto start = Clock::now();
    const int result = program.open();
    const auto time = Clock::now() - start;
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    assert_int_equal(result, PAM_PERM_DENIED);
    assert_between(time, 950ms, 2s);
}

/// A process of nobody's that listens on the socket; killed when it goes.
class Imposter {
public:
    explicit Imposter(const std::string& socket) {
        int ready[2];
        assert_int_equal(::pipe2(ready, O_CLOEXEC), 0);
        pid_ = ::fork();
        if (pid_ == 0)
            listen_as_nobody(socket, ready[1]);
        ::close(ready[1]);
        char byte = 0;
        listens_ = ::read(ready[0], &byte, 1) == 1;
        ::close(ready[0]);
    }
    Imposter(const Imposter&) = delete;
    Imposter& operator=(const Imposter&) = delete;
    ~Imposter() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    [[nodiscard]] bool listens() const { return listens_; }

private:
    [[noreturn]] static void listen_as_nobody(const std::string& path, int ready) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        // A failed assertion leaves past the destructor, so the parent's end ends it too (setuid would forget
        // that).
        const bool listens = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                             ::setuid(65534) == 0 && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
                             ::listen(fd, 8) == 0 && ::write(ready, "", 1) == 1;
        if (!listens)
            ::_exit(1);
        for (;;)
            ::pause();
    }

    pid_t pid_ = -1;
    bool listens_ = false;
};

void server_that_is_not_root_is_denied(void** state) {
    auto& program = program_of(state);
    const Imposter imposter{program.socket()};
    assert_true(imposter.listens());
    program.begin();
    assert_both(program, PAM_PERM_DENIED);
    assert_int_equal(logged(LOG_ERR, "the server is not root"), 2);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_LONELY_LOGIN_TEST(absent_daemon_denies_within_two_seconds),
        SOLO_LONELY_LOGIN_TEST(absence_is_told_in_account_and_not_in_session),
        SOLO_LONELY_LOGIN_TEST(on_unavailable_allow_lets_in_and_is_logged),
        SOLO_LONELY_LOGIN_TEST(root_is_never_denied_by_a_failure),
        SOLO_LOGIN_TEST(break_glass_group_is_never_denied_by_a_failure),
        SOLO_LOGIN_TEST(break_glass_is_for_its_members_only),
        SOLO_LOGIN_TEST(break_glass_group_that_is_unknown_has_no_members),
        SOLO_LOGIN_TEST(account_that_nss_does_not_know_is_denied_by_a_failure),
        SOLO_LOGIN_TEST(malformed_replies_are_denied),
        SOLO_LOGIN_TEST(malformed_replies_let_in_where_that_is_configured),
        SOLO_LOGIN_TEST(ungranted_replies_to_open_are_denied),
        SOLO_LOGIN_TEST(no_beginning_of_a_grant_is_a_grant),
        SOLO_LOGIN_TEST(second_reply_after_a_grant_is_not_heard),
        SOLO_LOGIN_TEST(daemon_that_accepts_and_never_answers_does_not_outlast_the_deadline),
        SOLO_LOGIN_TEST(daemon_that_sends_byte_after_byte_does_not_outlast_the_deadline),
        SOLO_LONELY_LOGIN_TEST(daemon_that_does_not_even_accept_does_not_outlast_the_deadline),
        SOLO_LOGIN_TEST(signals_do_not_prolong_the_deadline),
        SOLO_LONELY_LOGIN_TEST(server_that_is_not_root_is_denied),
    };
    return run_login_tests("unavailable", tests);
}
