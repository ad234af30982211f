// SPDX-License-Identifier: MIT
// soak_clients: so many random logins of so many accounts, which end in every way that there is. Each worker
// has accounts of its own, so that it knows the truth about each login, and prints it, a line each:
//
//     ended ID REASON[|REASON...]     the session was granted and is over; what has to be on record of it
//     refused                         the login was refused, as it had to be
//     again                           a login was refused that may have come too early; it was tried again
//     logins COUNT                    at the end
//
// Exit status: 0; 1 where a promise was broken, which it says on standard error.
#include "tests/soak/client.hpp"
#include "tests/soak/lease.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace solo::testing;
using Clock = std::chrono::steady_clock;

struct Options {
    int logins = 1000;
    int accounts = 1000;
    int workers = 32;
    unsigned seed = 1;
    std::string locks = "/dev/shm";
};

/// Where solod is killed in time it finds out only when it is back that a leader is gone.
constexpr const char* gone = "leader-exited|lost|unconfirmed|superseded";

void check(bool holds, const std::string& promise) {
    if (!holds)
        throw std::runtime_error{promise};
}

void say(const std::string& line) {
    // One write, so that the lines of different workers do not mix (pipe(7)).
    const std::string text = line + '\n';
    check(::write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
}

void say_ended(const std::string& id, const std::string& reasons) {
    say("ended " + id + " " + reasons);
}

/// One account and what may happen to it.
class Scenes {
public:
    Scenes(std::string account, std::string locks) : account_{std::move(account)}, locks_{std::move(locks)} {}

    /// Returns how many logins it took.
    int play(unsigned number) {
        logins_ = 0;
        using Scene = void (Scenes::*)();
        if (number % 64 == 0) { // takes two seconds
            expired_and_lapsed();
            return logins_;
        }
        // The weight of a scene is how often it stands here.
        static constexpr Scene scenes[] = {
            &Scenes::logout,        &Scenes::logout,         &Scenes::logout,         &Scenes::logout,
            &Scenes::leaves,        &Scenes::leader_killed,  &Scenes::leader_killed,  &Scenes::remains,
            &Scenes::remains,       &Scenes::program_killed, &Scenes::program_killed, &Scenes::refused,
            &Scenes::refused,       &Scenes::superseded,     &Scenes::superseded,     &Scenes::deaf,
            &Scenes::terminated,    &Scenes::terminated,     &Scenes::lease_closed,   &Scenes::lease_renewed,
            &Scenes::lease_refused, &Scenes::lease_taken};
        (this->*scenes[number % std::size(scenes)])();
        return logins_;
    }

private:
    [[nodiscard]] ClientKind kind(const std::string& service = "soak") const {
        ClientKind kind;
        kind.items.service = service;
        kind.items.account = account_;
        kind.lock = locks_ + "/" + account_;
        return kind;
    }

    /// Logs in. The last session of the account may be over for its login program and not yet for solod, and
    /// solod may be away: then the login is tried again. Who is locked out breaks the promise.
    std::unique_ptr<Client> log_in(const ClientKind& kind) {
        const auto deadline = Clock::now() + std::chrono::seconds{90};
        for (;;) {
            auto client = std::make_unique<Client>(kind);
            if (client->is_granted()) {
                ++logins_;
                return client;
            }
            wait_to_try_again(deadline);
        }
    }

    /// Where solod is killed after the grant and before the answer, nobody knows the lease: the next one
    /// supersedes it.
    std::string lease(std::string service, int seconds) {
        const auto deadline = Clock::now() + std::chrono::seconds{90};
        for (;;) {
            const auto lease = open_lease(account_, service, seconds);
            if (lease.id) {
                ++logins_;
                return *lease.id;
            }
            if (lease.was_lost)
                service = "soak-supersede";
            wait_to_try_again(deadline);
        }
    }

    void wait_to_try_again(Clock::time_point deadline) {
        ++failures_;
        check(Clock::now() < deadline,
              account_ + " is locked out: refused " + std::to_string(failures_) + " times");
        say("again");
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }

    void must_refuse() {
        const Client second{kind()};
        ++logins_;
        check(!second.is_granted(), account_ + " was granted twice");
        say("refused");
    }

    static void log_out(Client& client) {
        const int result = client.close();
        say_ended(client.id(), result == PAM_SUCCESS ? "logout" : gone);
    }

    static void must_die(Client& client, int signal, const std::string& reason) {
        const int status = client.await_end(30);
        check(WIFSIGNALED(status) && WTERMSIG(status) == signal, "session " + client.id() + ", to be " +
                                                                     reason + ", ended with wait status " +
                                                                     std::to_string(status));
        say_ended(client.id(), reason);
    }

    void logout() { log_out(*log_in(kind())); }

    void leaves() {
        const auto client = log_in(kind());
        client->leave();
        say_ended(client->id(), gone);
    }

    void leader_killed() {
        const auto client = log_in(kind());
        client->kill_leader();
        say_ended(client->id(), gone);
    }

    /// The login program is killed, and what goes on serving the person is ended.
    void remains() {
        auto with_program = kind();
        with_program.has_program = true;
        const auto client = log_in(with_program);
        client->kill_leader();
        client->await_end(30);
        say_ended(client->id(), gone);
    }

    void program_killed() {
        auto with_program = kind();
        with_program.has_program = true;
        const auto client = log_in(with_program);
        client->kill_program();
        log_out(*client);
    }

    void refused() {
        const auto client = log_in(kind());
        must_refuse();
        log_out(*client);
    }

    void superseded() { supersede(kind(), SIGTERM); }

    void deaf() {
        auto deaf = kind();
        deaf.is_deaf = true;
        supersede(deaf, SIGKILL);
    }

    void supersede(const ClientKind& victim, int signal) {
        const auto first = log_in(victim);
        const auto second = log_in(kind("soak-supersede"));
        must_die(*first, signal, "superseded");
        log_out(*second);
    }

    void terminated() {
        const auto client = log_in(kind());
        end_session(client->id());
        must_die(*client, SIGTERM, "terminated");
    }

    void lease_closed() {
        const auto id = lease("soak-web", 60);
        close_lease(id);
        say_ended(id, "logout");
    }

    void lease_renewed() {
        const auto id = lease("soak-web", 60);
        check(renew_lease(id), "lease " + id + " is over too early");
        close_lease(id);
        say_ended(id, "logout");
    }

    void lease_refused() {
        const auto id = lease("soak-web", 60);
        must_refuse();
        close_lease(id);
        say_ended(id, "logout");
    }

    void lease_taken() {
        const auto first = lease("soak-web", 60);
        const auto second = lease("soak-supersede", 60);
        check(!renew_lease(first), "lease " + first + " goes on though it is superseded");
        say_ended(first, "superseded");
        close_lease(second);
        say_ended(second, "logout");
    }

    void expired_and_lapsed() {
        if (const auto client = log_in(kind("soak-expire")))
            must_die(*client, SIGTERM, "expired");
        const auto id = lease("soak-web", 1);
        // Somebody who waits for the slot has to get it.
        logout();
        check(!renew_lease(id), "lease " + id + " lives on though it lapsed");
        say_ended(id, "lease-lapsed");
    }

    std::string account_;
    std::string locks_;
    int logins_ = 0;
    int failures_ = 0;
};

int work(const Options& options, int worker) {
    std::mt19937 random{options.seed + static_cast<unsigned>(worker)};
    const int share = options.accounts / options.workers;
    int logins = 0;
    while (logins < options.logins / options.workers) {
        const int number = worker * share + static_cast<int>(random() % static_cast<unsigned>(share));
        logins += Scenes{"person" + std::to_string(number), options.locks}.play(random());
    }
    say("logins " + std::to_string(logins));
    return EXIT_SUCCESS;
}

pid_t start_worker(const Options& options, int worker) {
    const pid_t pid = ::fork();
    if (pid != 0)
        return pid;
    try {
        std::_Exit(work(options, worker));
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "soak: %s\n", error.what());
        std::_Exit(EXIT_FAILURE);
    }
}

int run(int argc, char** argv) {
    Options options;
    CLI::App app{"Random logins, for the soak test", "soak_clients"};
    app.add_option("--logins", options.logins)->capture_default_str();
    app.add_option("--accounts", options.accounts)->capture_default_str();
    app.add_option("--workers", options.workers)->capture_default_str()->check(CLI::PositiveNumber);
    app.add_option("--seed", options.seed)->capture_default_str();
    app.add_option("--locks", options.locks, "directory for one file an account")->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
    }
    for (int worker = 0; worker < options.workers; ++worker)
        check(start_worker(options, worker) > 0, "fork");
    int status = 0;
    while (::wait(&status) > 0)
        if (status != 0)
            return EXIT_FAILURE; // the sandbox ends the others
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    (void)std::signal(SIGPIPE, SIG_IGN); // a login program that dies before it is told what to do
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        (void)std::fprintf(stderr, "soak: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
