// SPDX-License-Identifier: MIT
#include "daemon/turns.hpp"
#include "tests/unit/expect.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

void users_take_turns(void** /*state*/) {
    asio::io_context loop;
    const Turns turns{loop.get_executor()};
    std::string done;
    for (const char* const name : {"a1 ", "a2 ", "a3 "})
        asio::post(turns.of(1), [&, name] { done += name; });
    asio::post(turns.of(2), [&] { done += "b1 "; });
    asio::post(turns.of(2), [&] { done += "b2 "; });
    loop.run();
    expect_equal(done, "a1 b1 a2 b2 a3 ");
}

void everything_else_comes_first(void** /*state*/) {
    asio::io_context loop;
    const Turns turns{loop.get_executor()};
    std::string done;
    for (int i = 0; i < 3; ++i)
        asio::post(turns.of(1), [&] {
            done += "user ";
            asio::post(loop, [&] { done += "root "; });
        });
    loop.run();
    expect_equal(done, "user root user root user root ");
}

void users_get_a_share_of_the_time(void** /*state*/) {
    asio::io_context loop;
    const Turns turns{loop.get_executor()};
    const auto begun = Turns::Clock::now();
    Turns::Clock::duration spent{};
    for (int i = 0; i < 60; ++i)
        asio::post(turns.of(1), [&] {
            const auto start = Turns::Clock::now();
            while (Turns::Clock::now() < start + 1ms) {
            }
            spent += Turns::Clock::now() - start;
        });
    loop.run();
    const auto all = Turns::Clock::now() - begun;
    expect(spent > 59ms && spent <= all / 5 + 30ms, "a fifth, and what may be spent at once");
}

void a_step_that_throws_costs_nobody_a_turn(void** /*state*/) {
    asio::io_context loop;
    const Turns turns{loop.get_executor()};
    bool is_done = false;
    asio::post(turns.of(1), [] { throw std::runtime_error{"no"}; });
    asio::post(turns.of(2), [&] { is_done = true; });
    try {
        loop.run();
        expect(false, "it is passed on");
    } catch (const std::runtime_error& error) {
        expect_equal(std::string{error.what()}, "no");
    }
    loop.run();
    expect(is_done, "the next one has its turn");
}

void what_is_left_is_dropped(void** /*state*/) {
    asio::io_context loop;
    const auto kept = std::make_shared<int>();
    auto turns = std::make_unique<Turns>(loop.get_executor());
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
        SOLO_TEST(a_step_that_throws_costs_nobody_a_turn),
        SOLO_TEST(what_is_left_is_dropped),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
