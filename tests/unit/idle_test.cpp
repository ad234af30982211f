// SPDX-License-Identifier: MIT
#include "daemon/core/idle.hpp"
#include "tests/unit/expect.hpp"

#include <string>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t second = 1'000'000;

/// A session and its terminals, by a wall clock that goes its own way.
struct Scene {
    explicit Scene(std::chrono::milliseconds timeout) : clock{timeout, now} {}

    void pass(std::int64_t seconds) {
        now.boot += seconds * second;
        now.wall += seconds * second;
    }
    /// Input, as the kernel writes it down: not where that was less than 8 s ago, by the last three bits.
    void type(int terminal = 1) {
        const std::int64_t before = inputs[terminal] / second;
        if (((now.wall / second) ^ before) & ~std::int64_t{7})
            inputs[terminal] = now.wall / second * second;
    }
    std::string look() {
        switch (inputs.empty() ? clock.look(hint, now) : clock.look(inputs, now)) {
        case IdleClock::Due::notice:
            return "notice";
        case IdleClock::Due::end:
            return "end";
        default:
            return "";
        }
    }
    /// Looks when that is due, until something comes of it; how many seconds that has taken.
    std::string wait() {
        const std::int64_t begin = now.boot;
        for (int looks = 0; looks < 10'000; ++looks) {
            const std::int64_t next = clock.next_look(now);
            expect(next > now.boot, "the next look is ahead");
            now.wall += next - now.boot;
            now.boot = next;
            if (const std::string due = look(); !due.empty())
                return due + " after " + std::to_string((now.boot - begin) / second);
        }
        return "nothing";
    }

    Now now{.wall = 1'000'000 * 8 * second, .boot = 80'000 * second};
    Inputs inputs;
    std::optional<std::uint64_t> hint; ///< logind's
    IdleClock clock;
};

void who_is_idle_is_told_a_minute_before_the_end(void** /*state*/) {
    Scene scene{10min};
    scene.type();
    scene.pass(8);
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
    expect_equal(scene.wait(), "end after 60");
}

void of_a_short_time_half_is_left_at_the_notice(void** /*state*/) {
    Scene scene{60s};
    scene.type();
    scene.pass(8);
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 30");
    expect_equal(scene.wait(), "end after 30");
    expect(notice_time(1h) == 1min && notice_time(2min) == 1min && notice_time(3s) == 1500ms, "the rule");
}

void input_begins_the_time_anew(void** /*state*/) {
    Scene scene{10min};
    scene.type();
    scene.pass(8);
    scene.look();
    scene.pass(500);
    scene.type();
    scene.pass(30);
    expect_equal(scene.look(), ""); // there was input since the last look
    expect_equal(scene.wait(), "notice after 540");
    expect(scene.clock.idle(scene.now) == 540s, "that long");
}

void input_after_the_notice_keeps_the_session(void** /*state*/) {
    Scene scene{10min};
    scene.type();
    scene.pass(8);
    scene.look();
    expect_equal(scene.wait(), "notice after 540");
    scene.type();
    scene.pass(8);
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
    expect_equal(scene.wait(), "end after 60");
}

/// The kernel writes down input only every 8 s: whoever may have typed unseen is not idle.
void input_that_is_not_written_down_counts(void** /*state*/) {
    Scene scene{3s};
    scene.type();
    expect_equal(scene.look(), "");
    scene.pass(7);
    scene.type(); // nobody sees it
    expect_equal(scene.look(), "");
    scene.pass(2);
    expect_equal(scene.look(), "");
    scene.pass(1);
    expect_equal(scene.look(), "notice");
}

void input_on_any_terminal_counts(void** /*state*/) {
    Scene scene{10min};
    scene.type(1);
    scene.type(2);
    scene.pass(300);
    scene.look();
    scene.pass(300);
    scene.type(2);
    scene.pass(20);
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
}

void a_session_without_a_terminal_is_not_idle(void** /*state*/) {
    Scene scene{10min};
    for (int looks = 0; looks < 100; ++looks) {
        scene.pass(60);
        expect_equal(scene.look(), "");
        expect(scene.clock.look(Inputs{}, scene.now) == IdleClock::Due::nothing, "nor with one that is mute");
    }
    scene.type();
    scene.pass(8);
    scene.look();
    expect_equal(scene.wait(), "notice after 540");
}

void without_a_terminal_it_is_idle_while_logind_has_it_for_that(void** /*state*/) {
    Scene scene{10min};
    scene.pass(300);
    scene.hint = 7; // whenever that was
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
    expect_equal(scene.wait(), "end after 60");
}

void a_hint_that_ends_begins_the_time_anew(void** /*state*/) {
    Scene scene{10min};
    scene.hint = 7;
    scene.look();
    expect_equal(scene.wait(), "notice after 540");
    scene.hint.reset();
    scene.pass(30);
    expect_equal(scene.look(), "");
    scene.pass(30);
    scene.hint = 600;
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
    scene.pass(30);
    scene.hint = 1200; // between two looks it was not idle
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
    expect_equal(scene.wait(), "end after 60");
}

void a_terminal_that_comes_or_goes_is_input(void** /*state*/) {
    Scene scene{10min};
    scene.hint = 7;
    scene.look();
    scene.pass(500);
    scene.type();
    scene.pass(8);
    expect_equal(scene.look(), "");
    scene.pass(500);
    scene.inputs.clear();
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 540");
}

void a_clock_that_is_set_changes_nothing(void** /*state*/) {
    for (const std::int64_t jump : {-3600, 3600, 100'000'000}) {
        Scene scene{10min};
        scene.type();
        scene.pass(8);
        scene.look();
        scene.pass(100);
        scene.now.wall += jump * second;
        expect_equal(scene.look(), "");
        expect_equal(scene.wait(), "notice after 440");
        scene.now.wall -= jump * second;
        expect_equal(scene.wait(), "end after 60");
    }
}

/// Then input is not written down until the clock has passed the last one again.
void a_clock_that_is_set_back_to_the_last_input_counts_as_input(void** /*state*/) {
    Scene scene{10min};
    scene.type();
    scene.pass(8);
    scene.look();
    scene.pass(300);
    scene.now.wall -= 304 * second;
    scene.type();
    expect_equal(scene.look(), "");
    expect_equal(scene.wait(), "notice after 544");
}

/// CLOCK_BOOTTIME runs on meanwhile.
void who_wakes_the_host_is_told_before_the_end(void** /*state*/) {
    Scene scene{10min};
    scene.type();
    scene.pass(8);
    scene.look();
    scene.pass(36'000);
    expect_equal(scene.look(), "notice");
    expect_equal(scene.wait(), "end after 60");
}

void looks_come_ten_times_in_a_timeout_but_not_more_than_once_a_second(void** /*state*/) {
    const struct {
        std::chrono::milliseconds timeout;
        std::int64_t spacing;
    } rows[] = {{1s, 1}, {5s, 1}, {100s, 10}, {10min, 60}, {8h, 60}};
    for (const auto& [timeout, spacing] : rows) {
        Scene scene{timeout};
        const std::int64_t next = scene.clock.next_look(scene.now);
        expect(next - scene.now.boot <= spacing * second, "soon enough");
    }
    Scene one{10min};
    Scene other{10min};
    other.pass(7);
    expect_equal(one.clock.next_look(one.now), other.clock.next_look(other.now)); // together
}

void who_is_to_end_and_is_still_there_is_looked_at_again_a_little_later(void** /*state*/) {
    Scene scene{100s};
    scene.type();
    scene.look();
    scene.pass(1000);
    expect_equal(scene.look(), "notice");
    scene.pass(1000);
    for (int again = 0; again < 2; ++again) {
        expect_equal(scene.look(), "end");
        const std::int64_t in = scene.clock.next_look(scene.now) - scene.now.boot;
        expect(in > 0 && in <= 10 * second, "neither at once nor never");
        scene.now.boot += in;
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(who_is_idle_is_told_a_minute_before_the_end),
        SOLO_TEST(of_a_short_time_half_is_left_at_the_notice),
        SOLO_TEST(input_begins_the_time_anew),
        SOLO_TEST(input_after_the_notice_keeps_the_session),
        SOLO_TEST(input_that_is_not_written_down_counts),
        SOLO_TEST(input_on_any_terminal_counts),
        SOLO_TEST(a_session_without_a_terminal_is_not_idle),
        SOLO_TEST(without_a_terminal_it_is_idle_while_logind_has_it_for_that),
        SOLO_TEST(a_hint_that_ends_begins_the_time_anew),
        SOLO_TEST(a_terminal_that_comes_or_goes_is_input),
        SOLO_TEST(a_clock_that_is_set_changes_nothing),
        SOLO_TEST(a_clock_that_is_set_back_to_the_last_input_counts_as_input),
        SOLO_TEST(who_wakes_the_host_is_told_before_the_end),
        SOLO_TEST(looks_come_ten_times_in_a_timeout_but_not_more_than_once_a_second),
        SOLO_TEST(who_is_to_end_and_is_still_there_is_looked_at_again_a_little_later),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
