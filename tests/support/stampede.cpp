// SPDX-License-Identifier: MIT
// stampede: many processes that log in at once, and what must hold of them.
//
//     stampede refuse      one account, round after round: exactly one process is granted (or --granted N)
//     stampede supersede   one account, OnConflict=supersede: every process is granted, one after the other;
//                          each has died before the next is granted; the last one survives
//     stampede accounts    as many accounts as processes, all at the same time: every process is granted
//     stampede killed      one process after the other is granted and killed; how long until the next one is
//                          granted
//     stampede takeover    one process after the other, OnConflict=supersede; the first ignores SIGTERM, is
//                          killed and reaped at once, while the second is being granted
//
// Prints a line a round; the first broken promise is the last line, on standard error, with exit status 1.
#include "tests/support/pam_login.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using solo::testing::LoginItems;
using solo::testing::PamLogin;
using solo::testing::result_name;

struct Options {
    LoginItems items;
    int processes = 64;
    std::size_t granted = 1; ///< of `refuse`: how many slots there are
    int rounds = 20;
    unsigned time_limit = 120;
};

/// What a process has to say.
struct Report {
    pid_t pid = 0;
    int result = PAM_SUCCESS; ///< of pam_open_session
    bool was_alone = true;    ///< no other granted process was alive
    bool has_closed = false;  ///< the second report of a granted one: of pam_close_session
};

void check(bool holds, const std::string& promise) {
    if (!holds)
        throw std::runtime_error{promise};
}

/// Both ends of a pipe; closes them when it goes.
class Pipe {
public:
    Pipe() { check(::pipe2(ends_.data(), O_CLOEXEC) == 0, "pipe2"); }
    ~Pipe() {
        close(0);
        close(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void close_reader() { close(0); }
    void close_writer() { close(1); }

    /// Returns once nobody has the writing end any more.
    void wait_until_closed() const {
        char byte = 0;
        while (::read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
        }
    }

    /// At most PIPE_BUF bytes, which do not mix with those of others (pipe(7)).
    void send(const Report& report) const {
        check(::write(ends_[1], &report, sizeof report) == sizeof report, "write");
    }

    [[nodiscard]] Report receive() const {
        Report report;
        check(::read(ends_[0], &report, sizeof report) == sizeof report, "a process ended without a report");
        return report;
    }

private:
    void close(std::size_t end) {
        if (ends_[end] >= 0)
            ::close(std::exchange(ends_[end], -1));
    }

    std::array<int, 2> ends_{};
};

/// A lock that a granted process takes at once and keeps until it is dead, when the kernel frees it: who does
/// not get it has met another granted process alive.
class GrantLock {
public:
    explicit GrantLock(const std::string& path)
        : fd_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)} {
        check(fd_ >= 0, path);
    }

    [[nodiscard]] bool take() const { return ::flock(fd_, LOCK_EX | LOCK_NB) == 0; }

    /// Before the session is closed: from then on somebody else may be granted.
    void release() const { ::flock(fd_, LOCK_UN); }

private:
    int fd_; ///< open until the process is gone, which releases the lock of one that is killed
};

void hold_back_sigterm(int how) {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(how, &signals, nullptr);
}

/// Processes that log in at the same moment.
class Stampede {
public:
    using ItemsOf = std::function<LoginItems(int)>;

    /// Forks them. `lock` names the file of the GrantLock, or nothing; who is deaf ignores SIGTERM.
    Stampede(int count, const ItemsOf& items_of, std::string lock, bool is_deaf = false)
        : lock_{std::move(lock)}, is_deaf_{is_deaf} {
        for (int number = 0; number < count; ++number)
            pids_.push_back(start(items_of(number)));
        gate_.close_reader();
        exit_.close_reader();
        reports_.close_writer();
    }

    /// Lets them go and returns what each has to say of its login, in the order in which they say it.
    std::vector<Report> run() {
        gate_.close_writer();
        return receive(pids_.size());
    }

    [[nodiscard]] std::vector<Report> receive(std::size_t count) const {
        std::vector<Report> reports;
        while (reports.size() < count)
            reports.push_back(reports_.receive());
        return reports;
    }

    /// Has those that were granted and live log out.
    void release() { exit_.close_writer(); }

    /// Waits until this process has ended; its wait status.
    static int await_end(pid_t pid) {
        int status = 0;
        check(::waitpid(pid, &status, 0) == pid, "waitpid");
        return status;
    }

    static bool is_alive(pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) == 0; }

private:
    pid_t start(const LoginItems& items) {
        const pid_t pid = ::fork();
        check(pid >= 0, "fork");
        if (pid > 0)
            return pid;
        // What a process of the stampede throws, it says itself: its parent's work is not its own.
        try {
            log_in(items);
        } catch (const std::exception& error) {
            (void)std::fprintf(stderr, "stampede: a process: %s\n", error.what());
            std::_Exit(EXIT_FAILURE);
        }
        std::_Exit(EXIT_SUCCESS);
    }

    void log_in(const LoginItems& items) {
        gate_.close_writer();
        exit_.close_writer();
        reports_.close_reader();
        Report report{.pid = ::getpid()};
        if (is_deaf_)
            (void)std::signal(SIGTERM, SIG_IGN);
        gate_.wait_until_closed();
        hold_back_sigterm(SIG_BLOCK); // who is superseded at once reports first
        PamLogin login{items};
        report.result = login.open();
        std::optional<GrantLock> granted;
        if (report.result == PAM_SUCCESS && !lock_.empty())
            report.was_alone = granted.emplace(lock_).take();
        reports_.send(report);
        hold_back_sigterm(SIG_UNBLOCK);
        if (report.result != PAM_SUCCESS)
            return;
        exit_.wait_until_closed();
        if (granted)
            granted->release();
        report.result = login.close();
        report.has_closed = true;
        reports_.send(report);
    }

    std::string lock_;
    bool is_deaf_;
    Pipe gate_;
    Pipe exit_;
    Pipe reports_;
    std::vector<pid_t> pids_;
};

/// A file of its own for each run.
std::string lock_path() {
    const char* const directory = std::getenv("TMPDIR");
    return std::string{directory == nullptr ? "/tmp" : directory} + "/stampede-" + std::to_string(::getpid());
}

std::size_t count_granted(const std::vector<Report>& reports) {
    for (const Report& report : reports) {
        check(report.result == PAM_SUCCESS || report.result == PAM_PERM_DENIED,
              "a login ended with " + result_name(report.result));
        check(report.was_alone, "two granted processes were alive at the same time");
    }
    return static_cast<std::size_t>(std::ranges::count(reports, PAM_SUCCESS, &Report::result));
}

void check_closed(const std::vector<Report>& reports) {
    for (const Report& report : reports) {
        check(report.has_closed && report.result == PAM_SUCCESS,
              "a logout ended with " + result_name(report.result));
    }
}

void refuse(const Options& options) {
    for (int round = 1; round <= options.rounds; ++round) {
        const std::string lock = options.granted == 1 ? lock_path() : "";
        Stampede stampede{options.processes, [&](int) { return options.items; }, lock};
        const auto reports = stampede.run();
        const auto granted = count_granted(reports);
        std::printf("round %d: %zu granted, %zu refused\n", round, granted, reports.size() - granted);
        check(granted == options.granted, "not as many as there are slots were granted");
        stampede.release();
        check_closed(stampede.receive(granted));
        for (const Report& report : reports)
            check(Stampede::await_end(report.pid) == 0, "a process did not end by itself");
    }
}

void supersede(const Options& options) {
    for (int round = 1; round <= options.rounds; ++round) {
        Stampede stampede{options.processes, [&](int) { return options.items; }, lock_path()};
        auto reports = stampede.run();
        const auto granted = count_granted(reports);
        std::printf("round %d: %zu granted, %zu refused\n", round, granted, reports.size() - granted);
        check(granted == reports.size(), "not every process was granted");
        const Report last = reports.back();
        reports.pop_back();
        for (const Report& report : reports) {
            const int status = Stampede::await_end(report.pid);
            check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "a process was not superseded");
        }
        check(Stampede::is_alive(last.pid), "nobody survived");
        stampede.release();
        check_closed(stampede.receive(1));
        check(Stampede::await_end(last.pid) == 0, "the survivor did not end by itself");
    }
}

void accounts(const Options& options) {
    const auto numbered = [&](int number) {
        LoginItems items = options.items;
        items.account += std::to_string(number);
        return items;
    };
    for (int round = 1; round <= options.rounds; ++round) {
        Stampede stampede{options.processes, numbered, ""};
        const auto reports = stampede.run();
        const auto granted = count_granted(reports);
        std::printf("round %d: %zu granted, %zu refused\n", round, granted, reports.size() - granted);
        check(granted == reports.size(), "not every account was granted");
        stampede.release();
        check_closed(stampede.receive(reports.size()));
        for (const Report& report : reports)
            check(Stampede::await_end(report.pid) == 0, "a process did not end by itself");
    }
}

/// Tries until it is granted.
std::unique_ptr<PamLogin> log_in_soon(const LoginItems& items) {
    for (;;) {
        auto login = std::make_unique<PamLogin>(items);
        const int result = login->open();
        check(result == PAM_SUCCESS || result == PAM_PERM_DENIED,
              "a login ended with " + result_name(result));
        if (result == PAM_SUCCESS)
            return login;
    }
}

void killed(const Options& options) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    for (int round = 1; round <= options.rounds; ++round) {
        Stampede victim{1, [&](int) { return options.items; }, ""};
        const auto reports = victim.run();
        check(count_granted(reports) == 1, "the slot is not free");
        PamLogin refused{options.items};
        check(refused.open() == PAM_PERM_DENIED, "the slot is free although its holder lives");
        const auto before = Clock::now();
        check(::kill(reports.front().pid, SIGKILL) == 0, "kill");
        const auto next = log_in_soon(options.items);
        times.push_back(std::chrono::duration<double, std::milli>{Clock::now() - before}.count());
        std::printf("round %d: %.1f ms\n", round, times.back());
        Stampede::await_end(reports.front().pid);
        check(next->close() == PAM_SUCCESS, "a logout failed");
    }
    std::ranges::sort(times);
    std::printf("median %.1f ms\n", times.at(times.size() / 2));
}

void reap(int /*number*/) {
    const int error = errno;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    errno = error;
}

void takeover(const Options& options) {
    struct sigaction action {};
    action.sa_handler = reap;
    action.sa_flags = SA_RESTART;
    check(::sigaction(SIGCHLD, &action, nullptr) == 0, "sigaction");
    const auto items_of = [&](int /*any*/) { return options.items; };
    for (int round = 1; round <= options.rounds; ++round) {
        Stampede first{1, items_of, lock_path(), /*is_deaf=*/true};
        check(count_granted(first.run()) == 1, "the first one was not granted");
        Stampede second{1, items_of, lock_path()};
        check(count_granted(second.run()) == 1, "the second one was not granted");
        second.release();
        check_closed(second.receive(1));
    }
    std::printf("%d rounds\n", options.rounds);
}

int run(int argc, char** argv) {
    Options options;
    CLI::App app{"Logs in with many processes at once, for tests", "stampede"};
    app.require_subcommand(1);
    app.fallthrough();
    app.add_option("--service", options.items.service)->capture_default_str();
    app.add_option("--account", options.items.account, "for accounts: what their names begin with")
        ->capture_default_str();
    app.add_option("--processes", options.processes)->capture_default_str();
    app.add_option("--granted", options.granted, "for refuse: how many slots there are")
        ->capture_default_str();
    app.add_option("--rounds", options.rounds)->capture_default_str();
    app.add_option("--time-limit", options.time_limit, "seconds")->capture_default_str();
    std::function<void(const Options&)> chosen;
    const std::pair<const char*, void (*)(const Options&)> kinds[] = {{"refuse", refuse},
                                                                      {"supersede", supersede},
                                                                      {"accounts", accounts},
                                                                      {"killed", killed},
                                                                      {"takeover", takeover}};
    for (const auto& [name, kind] : kinds)
        app.add_subcommand(name)->callback([&chosen, kind = kind] { chosen = kind; });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
    }
    ::alarm(options.time_limit); // ends us, by which every process that waits for us ends too
    chosen(options);
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // before a fork, nothing may stand in it
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "stampede: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
