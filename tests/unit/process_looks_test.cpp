// SPDX-License-Identifier: MIT
// Looks at /proc that others wait for.
#include "daemon/process_looks.hpp"
#include "tests/unit/expect.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <system_error>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

struct Scene {
    /// One more who asks; what they are told comes to `told`.
    void ask() {
        asio::co_spawn(
            loop,
            [this]() -> asio::awaitable<void> {
                ProcessQuery query;
                try {
                    const auto found = co_await looks->look(std::move(query));
                    told.push_back(found);
                } catch (const std::system_error&) {
                    ++failed;
                }
            },
            asio::detached);
    }

    void run_until(const std::function<bool()>& is_done) {
        loop.restart();
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!is_done() && loop.run_one_until(deadline) != 0) {
        }
        expect(is_done(), "it is done in time");
    }

    asio::io_context loop;
    std::unique_ptr<ProcessLooks> looks = std::make_unique<ProcessLooks>(loop.get_executor());
    std::vector<std::shared_ptr<const ProcessSnapshot>> told;
    int failed = 0;
};

void who_asks_is_told_of_all_processes(void** /*state*/) {
    Scene scene;
    scene.ask();
    scene.run_until([&] { return scene.told.size() == 1; });
    const auto& table = scene.told.at(0)->table;
    expect_equal(std::ranges::count(table, ::getpid(), [](const auto& status) { return status.process.pid; }),
                 1);
}

/// The second look begins after all of them have asked.
void who_asks_while_a_look_is_on_its_way_is_served_by_the_next(void** /*state*/) {
    Scene scene;
    for (int count = 0; count < 10; ++count)
        scene.ask();
    scene.run_until([&] { return scene.told.size() == 10; });
    expect(scene.told.at(0) != scene.told.at(1), "the first one's look had begun");
    for (std::size_t i = 2; i < scene.told.size(); ++i)
        expect(scene.told.at(i) == scene.told.at(1), "one look serves all others");
}

void a_look_that_fails_is_no_look_at_nobody(void** /*state*/) {
    Scene scene;
    scene.ask();
    scene.run_until([&] { return scene.told.size() == 1; }); // the thread is there
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    scene.ask();
    scene.run_until([&] { return scene.failed == 1; });
    ::setrlimit(RLIMIT_NOFILE, &limit);
    scene.ask();
    scene.run_until([&] { return scene.told.size() == 2; });
}

/// A stack that no address space has room for.
void where_no_thread_can_be_had_the_look_is_done_all_the_same(void** /*state*/) {
    pthread_attr_t usual;
    pthread_attr_t huge;
    ::pthread_getattr_default_np(&usual);
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50U);
    expect_equal(::pthread_setattr_default_np(&huge), 0);
    Scene scene;
    scene.ask();
    scene.ask();
    scene.run_until([&] { return scene.told.size() == 2; });
    ::pthread_setattr_default_np(&usual);
    scene.ask();
    scene.run_until([&] { return scene.told.size() == 3; });
    for (pthread_attr_t* const attributes : {&usual, &huge})
        ::pthread_attr_destroy(attributes);
}

void who_waits_when_all_is_over_is_told_nothing(void** /*state*/) {
    Scene scene;
    scene.ask();
    scene.loop.run_one(); // it has asked
    scene.looks.reset();
    scene.loop.restart();
    scene.loop.run_for(50ms);
    expect(scene.told.empty(), "nobody is there to tell it");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(who_asks_is_told_of_all_processes),
        SOLO_TEST(who_asks_while_a_look_is_on_its_way_is_served_by_the_next),
        SOLO_TEST(a_look_that_fails_is_no_look_at_nobody),
        SOLO_TEST(where_no_thread_can_be_had_the_look_is_done_all_the_same),
        SOLO_TEST(who_waits_when_all_is_over_is_told_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
