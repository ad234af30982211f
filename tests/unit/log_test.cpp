// SPDX-License-Identifier: MIT
// What the log says on standard error, and when: in a process of its own, since it is asked to hold lines
// once.
#include "daemon/log.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/unit/expect.hpp"

#include <array>
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
    for (ssize_t count = 1; count > 0; text.append(bytes.data(), static_cast<std::size_t>(count)))
        count = ::read(fd, bytes.data(), bytes.size());
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

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(lines_come_at_once),
        SOLO_TEST(lines_of_little_weight_wait_and_keep_their_order),
        SOLO_TEST(no_more_than_so_many_wait),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
