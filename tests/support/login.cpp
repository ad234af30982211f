// SPDX-License-Identifier: MIT
// login: a login program for the integration tests. Logs an account in through the real PAM stack and prints
// what it got, a line each:
//
//     says: This account is already logged in.
//     account PAM_SUCCESS
//     open PAM_SUCCESS
//     id 01900000-0000-7000-8000-000000000001
//     close PAM_SUCCESS
//
// With --wait it says "ready" first, and with --lock, after its id, "alone" or "not alone".
//
// Exit status: 0 if the login was granted, 1 if it was refused.
#include "tests/support/pam_login.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <syslog.h>
#include <unistd.h>

namespace {

using solo::testing::LoginItems;
using solo::testing::PamLogin;

struct Options {
    LoginItems items;
    bool skips_account = false;
    bool skips_close = false;
    bool holds = false;
    bool is_deaf = false;
    bool stays = false;
    bool waits = false;
    std::string lock;
};

Options parse(int argc, char** argv) {
    Options options;
    CLI::App app{"Logs an account in, for tests", "login"};
    app.add_option("--service", options.items.service)->capture_default_str();
    app.add_option("--account", options.items.account)->capture_default_str();
    app.add_option("--tty", options.items.tty);
    app.add_option("--rhost", options.items.rhost);
    app.add_option("--ruser", options.items.ruser);
    app.add_flag("--no-account", options.skips_account, "go to the session phase at once");
    app.add_flag("--no-close", options.skips_close, "exit without closing the session");
    app.add_flag("--hold", options.holds, "stay until SIGUSR1, SIGTERM or SIGHUP comes");
    app.add_flag("--stay", options.stays,
                 "with --hold: also where the login is refused, and after the close");
    app.add_flag("--wait", options.waits, "log in when SIGUSR2 comes");
    app.add_option("--lock", options.lock, "a file that who is granted locks as long as it is logged in");
    app.add_flag("--deaf", options.is_deaf, "ignore SIGTERM and SIGHUP");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error) == 0 ? EXIT_SUCCESS : 2);
    }
    return options;
}

/// Has them wait for hold(); a signal that comes earlier is not lost.
sigset_t block_signals(bool is_deaf) {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGUSR1);
    for (const int number : {SIGTERM, SIGHUP}) {
        if (is_deaf) {
            (void)std::signal(number, SIG_IGN);
        } else {
            ::sigaddset(&signals, number);
        }
    }
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

/// So that a test can trace just what the modules do. Whatever libc keeps for itself is there already.
void wait_for_start() {
    ::openlog("login", LOG_NDELAY, LOG_AUTHPRIV);
    sigset_t start;
    ::sigemptyset(&start);
    ::sigaddset(&start, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &start, nullptr);
    std::printf("ready\n");
    int number = 0;
    ::sigwait(&start, &number);
}

/// -1 where none is asked for.
int open_lock(const std::string& path) {
    return path.empty() ? -1 : ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

/// The kernel frees the lock when this process is gone: who does not get it has met another granted process
/// alive.
void take_lock(int fd) {
    std::printf("%s\n", ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? "alone" : "not alone");
}

bool succeeded(const char* phase, int result) {
    std::printf("%s %s\n", phase, solo::testing::result_name(result).c_str());
    return result == PAM_SUCCESS;
}

bool log_in(PamLogin& login, const Options& options) {
    if (!options.skips_account && !succeeded("account", login.account()))
        return false;
    if (!succeeded("open", login.open()))
        return false;
    std::printf("id %s\n", login.session_id().c_str());
    return true;
}

int run(const Options& options) {
    sigset_t signals{};
    if (options.holds)
        signals = block_signals(options.is_deaf);
    const int lock = open_lock(options.lock);
    PamLogin login{options.items};
    if (options.waits)
        wait_for_start();
    const bool is_in = log_in(login, options);
    if (is_in && lock >= 0)
        take_lock(lock);
    int number = 0;
    if (options.holds && (is_in || options.stays))
        ::sigwait(&signals, &number);
    if (lock >= 0)
        ::close(lock); // before it is logged out: from then on somebody else may be granted
    if (is_in && !options.skips_close)
        succeeded("close", login.close());
    if (options.holds && options.stays && is_in)
        ::sigwait(&signals, &number);
    return is_in ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int argc, char** argv) {
    (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ); // a test reads along
    try {
        return run(parse(argc, argv));
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "login: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
