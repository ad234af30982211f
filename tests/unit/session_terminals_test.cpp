// SPDX-License-Identifier: MIT
#include "daemon/session_terminals.hpp"
#include "tests/unit/expect.hpp"

#include <algorithm>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <unistd.h>

using namespace solo;
using namespace solo::testing;

namespace {

ProcessStatus process(int pid, int parent, int terminal, bool is_zombie = false) {
    return {.process = {.pid = pid, .start_time = 7},
            .parent = parent,
            .terminal = terminal,
            .is_zombie = is_zombie};
}

using Found = std::map<int, std::set<int>>;

void a_session_has_the_terminals_of_its_leaders_descendants(void** /*state*/) {
    const std::vector table{process(1, 0, 0),         process(10, 1, 0),   process(11, 10, 0),
                            process(12, 11, 34),      process(13, 12, 35), process(20, 1, 36),
                            process(21, 20, 37, true)};
    expect(terminals_of({{10, 7}}, table) == Found{{10, {34, 35}}}, "however deep");
    expect(terminals_of({{20, 7}}, table) == Found{{20, {36}}}, "its own, and none of a zombie");
    expect(terminals_of({{10, 7}, {12, 7}}, table) == Found{{10, {34, 35}}, {12, {34, 35}}},
           "one in another");
    expect(terminals_of({{10, 8}, {99, 7}}, table).empty(), "another process of that pid, and none");
}

void a_table_that_leads_in_a_circle_is_left(void** /*state*/) {
    const std::vector table{process(10, 11, 34), process(11, 10, 0)};
    expect(terminals_of({{99, 7}}, table).empty(), "nothing is found");
}

void processes_are_read_slowly_but_all(void** /*state*/) {
    asio::io_context loop;
    std::vector<ProcessStatus> table;
    asio::co_spawn(loop, read_processes_slowly(),
                   [&](const std::exception_ptr& failure, std::vector<ProcessStatus> read) {
                       expect(!failure, "it succeeds");
                       table = std::move(read);
                   });
    loop.run();
    expect(std::ranges::any_of(table, [](const auto& one) { return one.process.pid == ::getpid(); }),
           "we are among them");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_session_has_the_terminals_of_its_leaders_descendants),
        SOLO_TEST(a_table_that_leads_in_a_circle_is_left),
        SOLO_TEST(processes_are_read_slowly_but_all),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
