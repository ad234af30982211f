// SPDX-License-Identifier: MIT
// What the log says on standard error, and when: in a process of its own, since it is asked to hold lines
// once.
#include "daemon/log.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;

namespace {

std::string all_of(int fd) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;)
        text.append(bytes.data(), static_cast<std::size_t>(count));
    return text;
}

/// Past the log, at once.
void mark(std::string_view text) {
    (void)!::write(STDERR_FILENO, text.data(), text.size());
}

/// What a process says that does this, under a service manager whose journal is not this pipe.
std::string said_by(const std::function<void()>& body) {
    std::array<int, 2> ends{};
    assert_int_equal(::pipe2(ends.data(), O_CLOEXEC), 0);
    const protocol::UniqueFd reader{ends[0]};
    protocol::UniqueFd writer{ends[1]};
    ::fcntl(writer.get(), F_SETPIPE_SZ, 1 << 20); // all of it is taken at once
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(writer.get(), STDERR_FILENO);
        ::setenv("JOURNAL_STREAM", "0:0", 1);
        body();
        std::exit(EXIT_SUCCESS);
    }
    writer.reset();
    std::string said = all_of(reader.get());
    assert_int_equal(::waitpid(child, nullptr, 0), child);
    return said;
}

void lines_come_at_once(void** /*state*/) {
    expect_equal(said_by([] {
                     log(Priority::info, "one");
                     mark("A ");
                     log(Priority::info, "two");
                 }),
                 "<6>one\nA <6>two\n");
}

void lines_of_little_weight_wait_and_keep_their_order(void** /*state*/) {
    expect_equal(said_by([] {
                     {
                         const LogHold hold{[] { mark("! "); }};
                         log(Priority::info, "one");
                         mark("A ");
                         flush_log();
                         flush_log();
                         log(Priority::info, "two");
                         log(Priority::notice, "three");
                         mark("B ");
                         log(Priority::warning, "four");
                         log(Priority::info, "five");
                         mark("C ");
                     }
                     log(Priority::info, "six");
                     mark("D ");
                 }),
                 "! A <6>one\n! B <6>two\n<5>three\n<4>four\n! C <6>five\n<6>six\nD ");
}

void no_more_than_so_many_wait(void** /*state*/) {
    const std::string line(1000, 'x');
    const std::string said = said_by([&] {
        const LogHold hold{[] {}};
        for (int count = 0; count < 100; ++count)
            log(Priority::info, "{}", line);
        mark("end");
    });
    const auto end = said.find("end");
    expect(end != std::string::npos && end > 64 * 1024 && end < 66 * 1024, std::to_string(end));
    expect_equal(said.size(), 100 * (line.size() + 4) + 3);
}

/// A pipe that is standard error, and nobody but this process reads.
struct Unread {
    Unread() {
        std::array<int, 2> ends{};
        assert_int_equal(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        reader.reset(ends[0]);
        const protocol::UniqueFd writer{ends[1]};
        assert_int_equal(::fcntl(writer.get(), F_SETFL, 0), 0); // it waits, as those of others do
        ::fcntl(writer.get(), F_SETPIPE_SZ, 4096);
        ::dup2(writer.get(), STDERR_FILENO);
        ::setenv("JOURNAL_STREAM", "0:0", 1);
        ::alarm(30); // who waits for the reader is ended
    }
    protocol::UniqueFd reader;
};

std::int64_t lines_in(const std::string& text) {
    return std::ranges::count(text, '\n');
}

void lines_that_are_not_read_now_wait_in_order(void** /*state*/) {
    in_child([] {
        const Unread pipe;
        int times_told = 0;
        standard_error().on_waiting([&] { ++times_told; });
        std::string expected;
        for (int count = 0; count < 100; ++count) {
            const std::string line = std::to_string(count) + std::string(1000, 'x');
            log(Priority::warning, "{}", line);
            expected += "<4>" + line + "\n";
        }
        expect_equal(times_told, 1);
        std::string read = all_of(pipe.reader.get());
        for (bool is_written = false; !is_written; read += all_of(pipe.reader.get()))
            is_written = standard_error().write_waiting();
        expect_equal(read, expected);
        expect_equal(standard_error().lost(), 0);
    });
}

void lines_that_nobody_reads_are_lost_and_counted(void** /*state*/) {
    in_child([] {
        const Unread pipe;
        const std::string line(1000, 'x');
        constexpr int lines = 2000;
        for (int count = 0; count < lines; ++count)
            log(Priority::warning, "{}", line);
        expect(standard_error().lost() > 0, "not all of it has room");
        std::string read = all_of(pipe.reader.get());
        for (bool is_written = false; !is_written; read += all_of(pipe.reader.get()))
            is_written = standard_error().write_waiting();
        expect_equal(lines_in(read) + standard_error().lost(), lines);
        expect_equal(read.size(), lines_in(read) * (line.size() + 4)); // whole lines are lost
        log(Priority::warning, "again");
        expect_equal(all_of(pipe.reader.get()), "<4>again\n");
    });
}

void a_reader_that_is_gone_costs_the_lines_alone(void** /*state*/) {
    in_child([] {
        std::signal(SIGPIPE, SIG_IGN); // as main() does
        Unread pipe;
        pipe.reader.reset();
        log(Priority::warning, "one");
        log(Priority::warning, "two");
        expect_equal(standard_error().lost(), 2);
        expect(standard_error().write_waiting(), "nothing waits for it");
    });
}

void a_reader_that_goes_without_reading_costs_what_waits(void** /*state*/) {
    in_child([] {
        std::signal(SIGPIPE, SIG_IGN);
        Unread pipe;
        for (int count = 0; count < 6; ++count)
            log(Priority::warning, "{}", std::string(1000, 'x')); // there is room for 4 at most
        expect(!standard_error().write_waiting(), "some of it waits");
        pipe.reader.reset();
        expect(standard_error().write_waiting(), "nothing waits any more");
        expect(standard_error().lost() >= 2, "what has waited is lost");
    });
}

void a_line_longer_than_a_block_comes_whole(void** /*state*/) {
    const std::string line(10'000, 'x');
    expect_equal(said_by([&] {
                     log(Priority::info, "{}", line);
                     log(Priority::info, "two");
                 }),
                 "<6>" + line + "\n<6>two\n");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(lines_come_at_once),
        SOLO_TEST(lines_of_little_weight_wait_and_keep_their_order),
        SOLO_TEST(no_more_than_so_many_wait),
        SOLO_TEST(lines_that_are_not_read_now_wait_in_order),
        SOLO_TEST(lines_that_nobody_reads_are_lost_and_counted),
        SOLO_TEST(a_reader_that_is_gone_costs_the_lines_alone),
        SOLO_TEST(a_reader_that_goes_without_reading_costs_what_waits),
        SOLO_TEST(a_line_longer_than_a_block_comes_whole),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
