// SPDX-License-Identifier: MIT
// CMocka for C++: its header has no extern "C", and an exception that leaves a test ends the whole program.
//
// A failed assertion leaves the test with longjmp, past destructors: what must be given back lives in a
// fixture.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

extern "C" {
#include <cmocka.h>
}

namespace solo::testing {

/// Runs a test's body and turns an exception that escapes it into a failure of that test alone.
template<void (*Body)(void**)>
void guarded(void** state) {
    std::string escaped;
    try {
        Body(state);
        return;
    } catch (const std::exception& error) {
        escaped = error.what();
    } catch (...) {
        escaped = "not a std::exception";
    }
    fail_msg("an exception escaped the test: %s", escaped.c_str());
}

} // namespace solo::testing

/// An entry of a CMUnitTest array for a function void(void**), whose name is the test's name.
#define SOLO_TEST(body) (CMUnitTest{#body, ::solo::testing::guarded<body>, nullptr, nullptr, nullptr})

/// The same with a fixture's set-up and tear-down (int(void**)).
#define SOLO_TEST_WITH(body, setup, teardown)                                                                \
    (CMUnitTest{#body, ::solo::testing::guarded<body>, setup, teardown, nullptr})
