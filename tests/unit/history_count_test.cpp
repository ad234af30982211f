// SPDX-License-Identifier: MIT
#include "daemon/history_count.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/history_on_disk.hpp"

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

using namespace solo;
using namespace solo::testing;

namespace {

struct Scene : HistoryOnDisk {
    /// A session ends now.
    void end(int number) {
        record(number, number);
        const Session session = over(session_of(number));
        Happening happening{};
        happening.kind = protocol::EventKind::ended;
        happening.session = &session;
        events.publish(happening);
    }

    /// Asks as soon as the loop runs. The answer comes into `answers`: "3", or what is wrong.
    void ask() {
        const auto asking = [this]() -> asio::awaitable<void> {
            const auto counted = co_await count->now();
            answers.push_back(counted ? std::to_string(*counted) : counted.error());
        };
        asio::co_spawn(loop, asking, asio::detached);
    }

    /// Of whoever asked last; waits for the thread.
    std::string answer() {
        loop.restart();
        loop.run();
        return answers.back();
    }

    asio::io_context loop;
    Events events;
    Statistics statistics{events};
    std::vector<std::string> answers;
    std::unique_ptr<HistoryCount> count =
        std::make_unique<HistoryCount>(loop.get_executor(), store.path(), statistics);
};

void what_has_ended_is_counted_once_and_then_kept_in_mind(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    must(scene.store.save(std::vector{session_of(4)}));
    scene.ask();
    expect_equal(scene.answer(), "3");
    scene.end(4);
    scene.record(5, 9); // nobody was told: the database is not asked again
    scene.ask();
    expect_equal(scene.answer(), "4");
    scene.statistics.count_evicted(2);
    scene.ask();
    expect_equal(scene.answer(), "2");
}

void what_ends_before_and_while_it_is_counted_counts_once(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.end(4);
    scene.ask();
    scene.loop.poll_one(); // the next thing could be what the thread says
    expect(scene.answers.empty(), "a thread counts");
    scene.end(5);
    scene.statistics.count_evicted(1);
    expect_equal(scene.answer(), "4");
}

void all_who_ask_get_the_same_count(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    scene.ask();
    scene.ask();
    scene.ask();
    (void)scene.answer();
    expect_equal(scene.answers.size(), 3U);
    for (const std::string& answer : scene.answers)
        expect_equal(answer, "3");
}

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

void nothing_of_it_is_open_when_it_is_counted(void** /*state*/) {
    Scene scene;
    scene.record(1, 200);
    std::ptrdiff_t first = 0;
    for (int round = 0; round < 20; ++round) {
        scene.count =
            std::make_unique<HistoryCount>(scene.loop.get_executor(), scene.store.path(), scene.statistics);
        scene.ask();
        expect_equal(scene.answer(), "200");
        // Of the database SQLite keeps one for the next connection, because of POSIX's locks (os_unix.c).
        first = round == 0 ? open_descriptors() : first;
        expect_equal(open_descriptors(), first);
    }
}

void a_database_that_cannot_be_read_is_asked_again(void** /*state*/) {
    Scene scene;
    scene.record(1, 2);
    scene.directory.take_away("disk");
    scene.ask();
    expect_within(scene.answer(), scene.store.path() + ": ");
    scene.directory.give_back("disk");
    scene.ask();
    expect_equal(scene.answer(), "2");
}

void a_count_that_fails_in_the_thread_is_told(void** /*state*/) {
    Scene scene;
    const std::string command = "sqlite3 '" + scene.store.path() + "' 'CREATE TABLE session (id)'";
    assert_int_equal(std::system(command.c_str()), 0); // it can be read, and there is nothing to count by
    scene.ask();
    expect_within(scene.answer(), "no such column");
}

/// AddressSanitizer sees where somebody touches what is gone.
void it_may_go_while_it_counts(void** /*state*/) {
    Scene scene;
    scene.record(1, 3);
    asio::io_context other;
    HistoryCount count{other.get_executor(), scene.store.path(), scene.statistics};
    const auto ask = [&count]() -> asio::awaitable<void> { (void)co_await count.now(); };
    asio::co_spawn(other, ask, asio::detached);
    other.poll();
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(what_has_ended_is_counted_once_and_then_kept_in_mind),
        SOLO_TEST(what_ends_before_and_while_it_is_counted_counts_once),
        SOLO_TEST(all_who_ask_get_the_same_count),
        SOLO_TEST(nothing_of_it_is_open_when_it_is_counted),
        SOLO_TEST(a_database_that_cannot_be_read_is_asked_again),
        SOLO_TEST(a_count_that_fails_in_the_thread_is_told),
        SOLO_TEST(it_may_go_while_it_counts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
