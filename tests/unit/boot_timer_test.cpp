// SPDX-License-Identifier: MIT
#include "daemon/boot_timer.hpp"
#include "daemon/clock.hpp"
#include "tests/unit/expect.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <asio/io_context.hpp>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t hour = 3'600'000'000;

/// From now on, in microseconds of the boot clock.
std::int64_t in(std::chrono::microseconds time) {
    return boot_time() + time.count();
}

struct Scene {
    /// Runs the loop until the timer has called so often, and then as far as it goes at once.
    void await(std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        loop.restart();
        while (called.size() < count && std::chrono::steady_clock::now() < deadline)
            loop.run_one_until(deadline);
        loop.poll();
        expect_equal(called.size(), count);
    }

    asio::io_context loop;
    std::vector<std::int64_t> called; ///< when
    BootTimer timer{loop.get_executor(), [this] { called.push_back(boot_time()); }};
};

void it_calls_once_and_not_before_its_time(void** /*state*/) {
    Scene scene;
    const std::int64_t time = in(30ms);
    scene.timer.set(time);
    scene.await(1);
    expect(scene.called.front() >= time, "it is not early");
    expect_equal(scene.loop.poll(), 0U);
}

void a_time_that_is_past_calls_at_once(void** /*state*/) {
    for (const std::int64_t time : {in(-1s), std::int64_t{1}, std::int64_t{0}, std::int64_t{-5}}) {
        Scene scene;
        scene.timer.set(time);
        scene.await(1);
    }
}

void set_to_none_it_does_not_call(void** /*state*/) {
    Scene scene;
    scene.timer.set(in(1ms));
    scene.timer.set(std::nullopt);
    scene.loop.run_for(20ms);
    expect(scene.called.empty(), "it was taken back");
}

/// Its time has come, and the event loop has not looked yet.
void set_to_none_after_its_time_it_does_not_call(void** /*state*/) {
    Scene scene;
    scene.timer.set(in(-1s));
    scene.timer.set(std::nullopt);
    scene.loop.run_for(20ms);
    expect(scene.called.empty(), "it was taken back");
    scene.timer.set(in(-1s));
    scene.await(1);
}

void an_earlier_time_replaces_a_later_one(void** /*state*/) {
    Scene scene;
    scene.timer.set(in(1ms) + hour);
    scene.loop.poll();
    scene.timer.set(in(10ms));
    scene.await(1);
}

void a_later_time_replaces_an_earlier_one(void** /*state*/) {
    Scene scene;
    scene.timer.set(in(-1s)); // would call at once
    const std::int64_t time = in(30ms);
    scene.timer.set(time);
    scene.await(1);
    expect(scene.called.front() >= time, "what was set before is forgotten");
}

void the_same_time_may_be_set_again(void** /*state*/) {
    Scene scene;
    const std::int64_t past = in(-1s);
    scene.timer.set(past);
    scene.timer.set(past);
    scene.await(1);
    scene.timer.set(past); // it has called, and is asked once more
    scene.await(2);
}

void it_may_be_set_by_what_it_calls(void** /*state*/) {
    asio::io_context loop;
    int calls = 0;
    std::unique_ptr<BootTimer> timer;
    timer = std::make_unique<BootTimer>(loop.get_executor(), [&] {
        if (++calls < 3)
            timer->set(in(1ms));
        else
            loop.stop();
    });
    timer->set(in(1ms));
    loop.run_for(20s);
    expect_equal(calls, 3);
}

/// AddressSanitizer sees where the handler touches what is gone.
void a_timer_that_is_gone_does_not_call(void** /*state*/) {
    asio::io_context loop;
    int calls = 0;
    auto timer = std::make_unique<BootTimer>(loop.get_executor(), [&] { ++calls; });
    timer->set(in(1ms));
    loop.poll();
    timer.reset();
    loop.run_for(20ms);
    expect_equal(calls, 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(it_calls_once_and_not_before_its_time),
        SOLO_TEST(a_time_that_is_past_calls_at_once),
        SOLO_TEST(set_to_none_it_does_not_call),
        SOLO_TEST(set_to_none_after_its_time_it_does_not_call),
        SOLO_TEST(an_earlier_time_replaces_a_later_one),
        SOLO_TEST(a_later_time_replaces_an_earlier_one),
        SOLO_TEST(the_same_time_may_be_set_again),
        SOLO_TEST(it_may_be_set_by_what_it_calls),
        SOLO_TEST(a_timer_that_is_gone_does_not_call),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
