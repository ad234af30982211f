// SPDX-License-Identifier: MIT
// Tests whose fixture is a login program.
#pragma once

#include "tests/pam/host_functions.hpp"
#include "tests/pam/login_program.hpp"
#include "tests/support/cmocka.hpp"

#include <cstdio>

#include <unistd.h>

namespace solo::testing {

inline LoginProgram& program_of(void** state) {
    return *static_cast<LoginProgram*>(*state);
}

inline int set_up_login_without_daemon(void** state) {
    reset_host_functions();
    *state = new LoginProgram;
    return 0;
}

inline int set_up_login(void** state) {
    set_up_login_without_daemon(state);
    program_of(state).start_daemon();
    return 0;
}

inline int tear_down_login(void** state) {
    reset_host_functions();
    delete &program_of(state);
    return 0;
}

/// Runs the tests, or says why they are skipped: the module talks to a daemon of root's only.
template<std::size_t Count>
int run_login_tests(const char* name, const CMUnitTest (&tests)[Count]) {
    if (::geteuid() == 0)
        return _cmocka_run_group_tests(name, tests, Count, nullptr, nullptr);
    (void)std::fputs("skipped: the fake daemon has to run as root\n", stderr);
    return 77;
}

} // namespace solo::testing

/// An entry of a CMUnitTest array for a test of a login program with a daemon; its state is
/// program_of(state).
#define SOLO_LOGIN_TEST(body)                                                                                \
    SOLO_TEST_WITH(body, ::solo::testing::set_up_login, ::solo::testing::tear_down_login)
/// The same without a daemon.
#define SOLO_LONELY_LOGIN_TEST(body)                                                                         \
    SOLO_TEST_WITH(body, ::solo::testing::set_up_login_without_daemon, ::solo::testing::tear_down_login)
