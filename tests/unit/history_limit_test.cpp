// SPDX-License-Identifier: MIT
#include "daemon/clock.hpp"
#include "daemon/history_limit.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/history_on_disk.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

struct Scene : HistoryOnDisk {
    [[nodiscard]] int total() const { return std::accumulate(evicted.begin(), evicted.end(), 0); }

    /// Runs the event loop until so many records are gone.
    void await_evicted(int count) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (total() < count && std::chrono::steady_clock::now() < deadline)
            loop.run_one_until(deadline);
        expect_equal(total(), count);
    }

    asio::io_context loop;
    std::vector<int> evicted;
    bool must_wait = false;
    HistoryLimit limit{loop.get_executor(), store, [this](int count) { evicted.push_back(count); },
                       [this] { return must_wait; }};
};

void what_is_too_old_is_deleted_a_few_at_a_time(void** /*state*/) {
    Scene scene;
    scene.record(1, 250);
    must(scene.store.save(std::vector{session_of(251), over(session_of(252), Reason::logout, wall_time())}));
    scene.limit.keep(24h);
    expect(scene.evicted.empty(), "nothing is done at once");
    scene.await_evicted(250);
    expect_equal(scene.evicted.size(), 63U);
    expect(std::ranges::all_of(scene.evicted, [](int count) { return count <= 4; }), "a few at a time");
    const auto left = must(scene.store.ended({}, {}, 9)).found;
    expect(left.size() == 1 && number_of(left.front().id) == 252, "what has just ended stays");
    expect(must(scene.store.find(id_of(251)))->state == State::active, "who is logged in stays");
}

void what_is_too_old_stays_while_a_checkpoint_runs(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.must_wait = true;
    scene.limit.keep(24h);
    for (int asked = 0; asked < 3; ++asked)
        scene.loop.run_one();
    expect_equal(scene.total(), 0);
    scene.must_wait = false;
    scene.await_evicted(3);
}

void what_gets_too_old_later_is_deleted_too(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.limit.keep(1s);
    scene.await_evicted(3);
    scene.record(4, 5);
    scene.await_evicted(5);
}

void with_infinity_nothing_is_ever_deleted(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.limit.keep(std::nullopt);
    scene.loop.run(); // there is nothing to do
    scene.limit.keep(1s);
    scene.limit.keep(std::nullopt);
    scene.loop.restart();
    scene.loop.run();
    expect_equal(must(scene.store.ended({}, {}, 100)).found.size(), 3U);
}

void another_time_applies_at_once(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.limit.keep(std::chrono::hours{24 * 366 * 90}); // looks again in an hour
    scene.loop.run_one();
    expect_equal(scene.total(), 0);
    scene.limit.keep(24h);
    scene.await_evicted(3);
}

void while_the_disk_fails_it_is_tried_again(void** /*state*/) {
    Scene scene;
    scene.directory.take_away("disk");
    scene.limit.keep(1s);
    scene.loop.run_one();
    scene.directory.give_back("disk");
    scene.record(1, 3);
    scene.await_evicted(3);
}

void a_clock_that_is_set_makes_nothing_older(void** /*state*/) {
    const Now start{.wall = 1'000'000, .boot = 70};
    expect_equal(unadvanced(start, start), 1'000'000);
    expect_equal(unadvanced(start, {.wall = 1'000'500, .boot = 570}), 1'000'500);
    expect_equal(unadvanced(start, {.wall = 9'000'000, .boot = 570}), 1'000'500);
    expect_equal(unadvanced(start, {.wall = 400, .boot = 570}), 400);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(what_is_too_old_is_deleted_a_few_at_a_time),
        SOLO_TEST(what_is_too_old_stays_while_a_checkpoint_runs),
        SOLO_TEST(what_gets_too_old_later_is_deleted_too),
        SOLO_TEST(with_infinity_nothing_is_ever_deleted),
        SOLO_TEST(another_time_applies_at_once),
        SOLO_TEST(while_the_disk_fails_it_is_tried_again),
        SOLO_TEST(a_clock_that_is_set_makes_nothing_older),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
