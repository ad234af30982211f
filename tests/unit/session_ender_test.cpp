// SPDX-License-Identifier: MIT
// The end of sessions whose leader is gone, and who is looked for then. The rest is tested by real logins
// (tests/integration/endings.bats).
#include "daemon/process_looks.hpp"
#include "daemon/session_ender.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/sessions.hpp"

#include <chrono>
#include <csignal>
#include <system_error>

#include <asio/io_context.hpp>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;
using solo::protocol::UniqueFd;

namespace {

/// A process that alone has one end of a socket pair, as what a killed login program has left behind.
class Holder {
public:
    Holder() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::system_error{errno, std::generic_category(), "socketpair"};
        const UniqueFd line{ends[0]};
        other_end_.reset(ends[1]);
        struct stat status {};
        ::fstat(line.get(), &status);
        inode_ = status.st_ino;
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                ::pause();
        }
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, WNOHANG);
    }

    [[nodiscard]] std::uint64_t inode() const { return inode_; }
    [[nodiscard]] bool is_alive() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    UniqueFd other_end_;
    std::uint64_t inode_ = 0;
    pid_t pid_ = 0;
};

/// Ends a session of this line whose leader is gone, and waits until it is said to be gone.
void end(const Holder& holder, bool is_line_closed) {
    Session session = session_of(1);
    session.leader = {.pid = INT32_MAX, .start_time = 1};
    session.reason = Reason::leader_exited;
    session.traces.line_inode = holder.inode();
    asio::io_context loop;
    ProcessLooks looks{loop.get_executor()};
    bool is_gone = false;
    SessionEnder ender{loop.get_executor(),
                       looks,
                       [&](const SessionId& /*id*/) {
                           return std::optional{SessionEnder::Known{session, is_line_closed}};
                       },
                       {},
                       [&](const SessionId& /*id*/) { is_gone = true; },
                       [](const SessionId& /*id*/) {}};
    ender.begin({.session = session, .grace_time = 10s, .successor = {}}, {});
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!is_gone && loop.run_one_until(deadline) != 0) {
    }
    expect(is_gone, "it is gone");
}

void who_serves_the_line_of_a_leader_that_is_gone_has_to_go(void** /*state*/) {
    const Holder holder;
    end(holder, false);
    expect(!holder.is_alive(), "it was found by its descriptor");
}

/// Nobody can have it: that millions of descriptors are open on the host keeps no slot.
void where_the_line_is_closed_nobody_looks_at_descriptors(void** /*state*/) {
    const Holder holder; // there is none in truth
    end(holder, true);
    expect(holder.is_alive(), "nobody has looked");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(who_serves_the_line_of_a_leader_that_is_gone_has_to_go),
        SOLO_TEST(where_the_line_is_closed_nobody_looks_at_descriptors),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
