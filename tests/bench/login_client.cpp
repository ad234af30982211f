// SPDX-License-Identifier: MIT
// login_client open|refuse|supersede|killed SERVICE ACCOUNT: logins through libpam, as a login program makes
// them. Timed is pam_open_session; loading the modules (pam_start) and closing are not.
//
// open: the login is granted. refuse: it is not. supersede: another process holds the slot and leaves as soon
// as it is told. killed: another process holds the slot and is killed; timed is from there until a login is
// granted.
#include "tests/bench/raw_socket.hpp"
#include "tests/bench/rounds.hpp"
#include "tests/support/pam_login.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo::bench;
using solo::testing::LoginItems;
using solo::testing::PamLogin;
using solo::testing::result_name;

namespace {

void expect(int result, int expected) {
    if (result != expected)
        throw std::runtime_error{"pam_open_session: " + result_name(result) + ", not " +
                                 result_name(expected)};
}

std::int64_t timed_login(const LoginItems& items, int expected) {
    PamLogin login{items};
    int result = PAM_SYSTEM_ERR;
    const auto time = time_of([&] { result = login.open(); });
    expect(result, expected);
    if (result == PAM_SUCCESS)
        login.close();
    return time;
}

/// Another process that has the account's slot.
class Holder {
public:
    explicit Holder(const LoginItems& items) {
        std::array<int, 2> ready{};
        must(::pipe(ready.data()) == 0, "pipe");
        pid_ = ::fork();
        must(pid_ >= 0, "fork");
        if (pid_ == 0)
            hold(items, ready[1]);
        ::close(ready[1]);
        char is_in = 'n';
        const bool said = ::read(ready[0], &is_in, 1) == 1;
        ::close(ready[0]);
        if (!said || is_in != 'y')
            throw std::runtime_error{"the holder was not let in"};
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    void kill() const { ::kill(pid_, SIGKILL); }

private:
    [[noreturn]] static void hold(const LoginItems& items, int ready) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        PamLogin login{items};
        const char is_in = login.open() == PAM_SUCCESS ? 'y' : 'n';
        (void)!::write(ready, &is_in, 1);
        for (;;)
            ::pause();
    }

    pid_t pid_ = 0;
};

std::int64_t superseding(const LoginItems& items) {
    const Holder holder{items};
    return timed_login(items, PAM_SUCCESS);
}

std::int64_t freed(const LoginItems& items) {
    const Holder holder{items};
    return time_of([&] {
        holder.kill();
        for (;;) {
            PamLogin login{items};
            if (login.open() != PAM_SUCCESS)
                continue;
            login.close();
            return;
        }
    });
}

} // namespace

int main(int /*argc*/, char** argv) {
    const LoginItems items{
        .service = argv[2], .account = argv[3], .tty = "ssh", .rhost = "10.0.0.5", .ruser = std::nullopt};
    const std::map<std::string_view, std::function<std::int64_t()>> modes{
        {"open", [&] { return timed_login(items, PAM_SUCCESS); }},
        {"refuse", [&] { return timed_login(items, PAM_PERM_DENIED); }},
        {"supersede", [&] { return superseding(items); }},
        {"killed", [&] { return freed(items); }},
    };
    return serve_rounds(modes.at(argv[1]));
}
