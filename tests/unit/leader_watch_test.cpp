// SPDX-License-Identifier: MIT
// Leaders that exit, seen by real pidfds.
#include "daemon/leader_watch.hpp"
#include "daemon/process_table.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/sessions.hpp"

#include <chrono>
#include <csignal>
#include <system_error>
#include <vector>

#include <asio/io_context.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

/// A process that lives until it is told to go.
class Leader {
public:
    Leader() : pid_{::fork()} {
        if (pid_ == 0)
            for (;;)
                ::pause();
    }
    Leader(Leader&& other) noexcept : pid_{std::exchange(other.pid_, 0)} {}
    Leader(const Leader&) = delete;
    Leader& operator=(const Leader&) = delete;
    Leader& operator=(Leader&&) = delete;
    ~Leader() { kill(); }

    void kill() {
        if (pid_ == 0)
            return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = 0;
    }

    [[nodiscard]] ProcessHandle handle() const { return *ProcessHandle::open(read_process(pid_)->process); }

private:
    pid_t pid_;
};

struct Scene {
    /// Runs the event loop until so many have exited, or for a while.
    void await(std::size_t count, std::chrono::milliseconds patience = 20s) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (exited.size() < count && loop.run_one_until(deadline) != 0) {
        }
    }

    asio::io_context loop;
    std::vector<SessionId> exited;
    LeaderWatch leaders{loop.get_executor(), [this](const SessionId& id) { exited.push_back(id); }};
};

void an_exit_is_told_once(void** /*state*/) {
    Scene scene;
    Leader alice;
    const Leader bob;
    scene.leaders.watch(id_of(1), alice.handle());
    scene.leaders.watch(id_of(1), bob.handle()); // stays as it is
    scene.leaders.watch(id_of(2), bob.handle());
    alice.kill();
    scene.await(1);
    expect(scene.exited == std::vector{id_of(1)}, "alice's leader");
    scene.await(2, 50ms);
    expect_equal(scene.exited.size(), 1U);
}

void many_exit_at_once(void** /*state*/) {
    Scene scene;
    {
        std::vector<Leader> all(200);
        for (int number = 0; number < 200; ++number)
            scene.leaders.watch(id_of(number), all.at(static_cast<std::size_t>(number)).handle());
    }
    scene.await(200);
    expect_equal(scene.exited.size(), 200U);
}

void who_has_exited_already_is_told_of_too(void** /*state*/) {
    Scene scene;
    Leader leader;
    auto handle = leader.handle();
    leader.kill();
    scene.leaders.watch(id_of(1), std::move(handle));
    scene.await(1);
    expect_equal(scene.exited.size(), 1U);
}

/// A plain file in place of the pidfd: epoll takes none (EPERM, epoll_ctl(2)).
void who_cannot_be_watched_leaves_nothing_behind(void** /*state*/) {
    Scene scene;
    Leader leader;
    auto handle = leader.handle();
    const protocol::UniqueFd file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    expect(::dup3(file.get(), handle.pidfd(), O_CLOEXEC) >= 0, "dup3");
    bool is_refused = false;
    try {
        scene.leaders.watch(id_of(1), std::move(handle));
    } catch (const std::system_error& error) {
        is_refused = error.code() == std::errc::operation_not_permitted;
    }
    expect(is_refused, "it says so");
    scene.leaders.watch(id_of(1), leader.handle());
    leader.kill();
    scene.await(1);
    expect(scene.exited == std::vector{id_of(1)}, "another attempt");
}

/// Also where a service manager keeps a duplicate of the pidfd.
void who_is_forgotten_is_not_told_of(void** /*state*/) {
    Scene scene;
    Leader forgotten;
    Leader late;
    Leader other;
    auto handle = forgotten.handle();
    const protocol::UniqueFd kept{::fcntl(handle.pidfd(), F_DUPFD_CLOEXEC, 0)};
    scene.leaders.watch(id_of(1), std::move(handle));
    scene.leaders.watch(id_of(2), late.handle());
    scene.leaders.watch(id_of(3), other.handle());
    scene.leaders.forget(id_of(1));
    scene.leaders.forget(id_of(9)); // nobody
    forgotten.kill();
    late.kill();
    scene.loop.run_one(); // both exits are known
    scene.leaders.forget(id_of(2));
    other.kill();
    scene.await(1);
    expect(scene.exited == std::vector{id_of(3)}, "the one that is watched");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(an_exit_is_told_once),
        SOLO_TEST(many_exit_at_once),
        SOLO_TEST(who_has_exited_already_is_told_of_too),
        SOLO_TEST(who_cannot_be_watched_leaves_nothing_behind),
        SOLO_TEST(who_is_forgotten_is_not_told_of),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
