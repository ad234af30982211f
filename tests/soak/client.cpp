// SPDX-License-Identifier: MIT
#include "tests/soak/client.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace solo::testing {

namespace {

/// What the login program says: of its login, and then of its logout.
struct Report {
    int result = PAM_SYSTEM_ERR;
    bool was_alone = true;
    pid_t program = -1;
    std::array<char, 37> id{};
};

enum class Command : char { close, leave };

void check(bool holds, const std::string& promise) {
    if (!holds)
        throw std::runtime_error{promise};
}

/// A lock that is kept until the process and its children are gone; -1 where somebody else holds it.
int take_lock(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? fd : -1;
}

void send(int fd, const Report& report) {
    if (::write(fd, &report, sizeof report) != sizeof report)
        std::_Exit(EXIT_FAILURE);
}

/// The person's program: inherits the line, as sshd's unprivileged child does, and goes by SIGTERM or SIGHUP.
pid_t start_program() {
    const pid_t pid = ::fork();
    if (pid != 0)
        return pid;
    for (;;)
        ::pause();
}

/// The life of a login program.
[[noreturn]] void log_in(const ClientKind& kind, int commands, int reports) {
    if (kind.is_deaf)
        (void)std::signal(SIGTERM, SIG_IGN);
    PamLogin login{kind.items};
    Report report;
    report.result = login.account();
    if (report.result == PAM_SUCCESS)
        report.result = login.open();
    if (report.result != PAM_SUCCESS) {
        send(reports, report);
        std::_Exit(EXIT_FAILURE);
    }
    const int lock = take_lock(kind.lock);
    report.was_alone = lock >= 0;
    if (kind.has_program)
        report.program = start_program();
    (void)std::snprintf(report.id.data(), report.id.size(), "%s", login.session_id().c_str());
    send(reports, report);
    Command command{};
    while (::read(commands, &command, 1) != 1) {
    }
    if (command == Command::leave)
        std::_Exit(EXIT_SUCCESS);
    if (kind.has_program)
        ::waitpid(report.program, nullptr, 0);
    ::flock(lock, LOCK_UN); // from now on somebody else may be granted
    report.result = login.close();
    send(reports, report);
    std::_Exit(EXIT_SUCCESS);
}

/// False where everybody who could report is gone.
bool receive(int fd, Report& report, int seconds) {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    check(::poll(&waiting, 1, seconds * 1000) == 1, "no answer within " + std::to_string(seconds) + " s");
    return ::read(fd, &report, sizeof report) == sizeof report;
}

} // namespace

Client::Client(const ClientKind& kind) {
    start(kind);
    Report report;
    check(receive(reports_, report, 30), "a login program has died while it logged in");
    check(report.result == PAM_SUCCESS || report.result == PAM_PERM_DENIED,
          "a login ended with " + result_name(report.result));
    check(report.was_alone, kind.items.account + " is granted twice: " + report.id.data());
    program_ = report.program;
    id_ = report.id.data();
}

void Client::start(const ClientKind& kind) {
    std::array<int, 2> commands{};
    std::array<int, 2> reports{};
    check(::pipe2(commands.data(), O_CLOEXEC) == 0 && ::pipe2(reports.data(), O_CLOEXEC) == 0, "pipe2");
    pid_ = ::fork();
    check(pid_ >= 0, "fork");
    if (pid_ == 0) {
        ::close(commands[1]);
        ::close(reports[0]);
        try {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            log_in(kind, commands[0], reports[1]);
        } catch (const std::exception& error) {
            (void)std::fprintf(stderr, "soak: a login program: %s\n", error.what());
            std::_Exit(EXIT_FAILURE);
        }
    }
    ::close(commands[0]);
    ::close(reports[1]);
    commands_ = commands[1];
    reports_ = reports[0];
}

Client::~Client() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap();
    }
    ::close(commands_);
    ::close(reports_);
}

int Client::close() {
    const auto command = Command::close;
    check(::write(commands_, &command, 1) == 1, "write");
    Report report;
    const bool has_answer = receive(reports_, report, 30);
    reap();
    check(has_answer, "a login program of session " + id_ + " has died while it logged out");
    return report.result;
}

void Client::leave() {
    const auto command = Command::leave;
    check(::write(commands_, &command, 1) == 1, "write");
    reap();
}

void Client::kill_leader() {
    ::kill(pid_, SIGKILL);
    reap();
}

void Client::kill_program() const {
    ::kill(program_, SIGKILL);
}

int Client::await_end(int seconds) {
    Report report;
    check(!receive(reports_, report, seconds), "session " + id_ + " has said something unexpected");
    reap();
    return status_;
}

void Client::reap() {
    if (pid_ > 0)
        ::waitpid(std::exchange(pid_, -1), &status_, 0);
}

} // namespace solo::testing
