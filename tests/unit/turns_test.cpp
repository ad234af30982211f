// SPDX-License-Identifier: MIT
#include "daemon/turns.hpp"
#include "tests/unit/expect.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

void users_take_turns(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    std::string done;
    for (const char* const name : {"a1 ", "a2 ", "a3 "})
        asio::post(turns.of(1), [&, name] { done += name; });
    asio::post(turns.of(2), [&] { done += "b1 "; });
    asio::post(turns.of(2), [&] { done += "b2 "; });
    turns.run();
    expect_equal(done, "a1 b1 a2 b2 a3 ");
}

void everything_else_comes_first(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    std::string done;
    for (int i = 0; i < 3; ++i)
        asio::post(turns.of(1), [&] {
            done += "user ";
            asio::post(loop, [&] { done += "root "; });
        });
    turns.run();
    expect_equal(done, "user root user root user root ");
}

void users_get_a_share_of_the_time(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    const auto begun = Turns::Clock::now();
    Turns::Clock::duration spent{};
    bool is_share_kept = true;
    for (int i = 0; i < 60; ++i)
        asio::post(turns.of(1), [&] {
            const auto start = Turns::Clock::now();
            is_share_kept = is_share_kept && spent <= (start - begun) / 5 + 20ms;
            while (Turns::Clock::now() < start + 1ms) {
            }
            spent += Turns::Clock::now() - start;
        });
    turns.run();
    expect(spent >= 60ms, "all have had their turn");
    expect(is_share_kept, "a fifth, and what may be spent at once");
}

/// Spends so much of the loop's time.
void spend(Turns::Clock::duration time) {
    const auto begun = Turns::Clock::now();
    while (Turns::Clock::now() < begun + time) {
    }
}

void root_waits_for_everything_else_and_for_nothing_more(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    std::string done;
    asio::post(turns.of(0), [&] { done += "list "; });
    asio::post(turns.of(1), [] { spend(200ms); }); // a debt of a second
    asio::post(turns.of(1), [&] { done += "user "; });
    asio::post(turns.of(0), [&] {
        spend(50ms);
        done += "list ";
    });
    asio::post(turns.of(0), [&] { done += "list "; });
    asio::post(loop, [&] { done += "login "; });
    turns.run();
    expect_equal(done, "login list list list user ");
}

/// How often this process has been taken from its processor, or has given it up to another.
long times_replaced() {
    rusage usage{};
    expect_equal(::getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_nivcsw;
}

/// Makes this process, and those that it starts, use the processor on which it runs now only.
void stay_here() {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &here);
    expect_equal(::sched_setaffinity(0, sizeof here, &here), 0);
}

/// Another program that wants this processor.
class Rival {
public:
    Rival() : pid_{::fork()} {
        if (pid_ < 0)
            throw std::system_error{errno, std::generic_category(), "fork"};
        if (pid_ != 0)
            return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile bool is_busy = true; is_busy;) {
        }
    }
    Rival(const Rival&) = delete;
    Rival& operator=(const Rival&) = delete;
    ~Rival() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_;
};

constexpr int turns_wanted = 100;

/// How often the loop has given its processor to a rival in so many turns. Before each of them there was an
/// event, of this executor.
template<class Executor>
long times_given_way(asio::io_context& loop, Turns& turns, const Executor& executor) {
    cpu_set_t before;
    expect_equal(::sched_getaffinity(0, sizeof before, &before), 0);
    stay_here();
    const Rival rival;
    int taken = 0;
    const std::function<void()> turn = [&] {
        asio::post(loop, [&] { asio::post(executor, [] {}); });
        if (++taken < turns_wanted)
            asio::post(turns.of(0), turn);
    };
    asio::post(turns.of(0), turn);
    const long replaced = times_replaced();
    turns.run();
    const long count = times_replaced() - replaced;
    expect_equal(::sched_setaffinity(0, sizeof before, &before), 0);
    return count;
}

/// A program that has been answered and wakes on the loop's processor.
void who_was_answered_has_the_processor_before_a_turn(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    const long count = times_given_way(loop, turns, loop.get_executor());
    expect(count >= turns_wanted / 10, std::to_string(count));
}

/// Such as that the reader of a list takes more of it: the list would get on as slowly as the machine is
/// busy.
void nobody_is_given_way_for_what_waits_for_a_turn(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    const long count = times_given_way(loop, turns, turns.of(0));
    expect(count < turns_wanted / 10, std::to_string(count));
}

/// As when more logins come than can be served.
void a_turn_comes_also_where_something_else_is_always_ready(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    bool is_done = false;
    const auto end = Turns::Clock::now() + 10s;
    std::function<void()> again = [&] {
        if (!is_done && Turns::Clock::now() < end)
            asio::post(loop, again);
    };
    asio::post(loop, again);
    asio::post(turns.of(1), [&] { is_done = true; });
    turns.run();
    expect(is_done && Turns::Clock::now() < end, "it has its turn");
}

void a_loop_that_is_stopped_takes_no_turn(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    bool is_done = false;
    asio::post(turns.of(0), [&] { is_done = true; });
    asio::post(loop, [&] { loop.stop(); });
    turns.run();
    expect(!is_done, "it is over");
}

void a_step_that_throws_costs_nobody_a_turn(void** /*state*/) {
    asio::io_context loop;
    Turns turns{loop};
    bool is_done = false;
    asio::post(turns.of(1), [] { throw std::runtime_error{"no"}; });
    asio::post(turns.of(2), [&] { is_done = true; });
    try {
        turns.run();
        expect(false, "it is passed on");
    } catch (const std::runtime_error& error) {
        expect_equal(std::string{error.what()}, "no");
    }
    turns.run();
    expect(is_done, "the next one has its turn");
}

void what_is_left_is_dropped(void** /*state*/) {
    asio::io_context loop;
    const auto kept = std::make_shared<int>();
    auto turns = std::make_unique<Turns>(loop);
    const auto executor = turns->of(1);
    asio::post(executor, [kept] { *kept = 1; });
    expect_equal(kept.use_count(), 2);
    turns.reset();
    expect_equal(kept.use_count(), 1);
    asio::post(executor, [kept] { *kept = 2; });
    loop.run();
    expect_equal(kept.use_count(), 1);
    expect_equal(*kept, 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(users_take_turns),
        SOLO_TEST(everything_else_comes_first),
        SOLO_TEST(users_get_a_share_of_the_time),
        SOLO_TEST(root_waits_for_everything_else_and_for_nothing_more),
        SOLO_TEST(who_was_answered_has_the_processor_before_a_turn),
        SOLO_TEST(nobody_is_given_way_for_what_waits_for_a_turn),
        SOLO_TEST(a_turn_comes_also_where_something_else_is_always_ready),
        SOLO_TEST(a_loop_that_is_stopped_takes_no_turn),
        SOLO_TEST(a_step_that_throws_costs_nobody_a_turn),
        SOLO_TEST(what_is_left_is_dropped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
