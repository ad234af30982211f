// SPDX-License-Identifier: MIT
// Checks that throw where they fail: unlike CMocka's they run destructors, so that a test may hold processes,
// descriptors and directories in local variables. SOLO_TEST turns the exception into a failure.
#pragma once

#include "protocol/printable.hpp"
#include "tests/support/cmocka.hpp"

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#undef fail // a macro of CMocka; std::ios has a member of that name

namespace solo::testing {

[[noreturn]] inline void fail_at(const std::string& text, const std::source_location& where) {
    throw std::runtime_error{std::string{where.file_name()} + ":" + std::to_string(where.line()) + ": " +
                             text};
}

inline void expect(bool holds, std::string_view what,
                   const std::source_location& where = std::source_location::current()) {
    if (!holds)
        fail_at("not so: " + std::string{what}, where);
}

template<class T>
std::string shown(const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>)
        return "\"" + protocol::printable(std::string_view{value}) + "\"";
    else if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<long long>(value));
    else if constexpr (std::is_arithmetic_v<T>)
        return std::to_string(value);
    else
        return "(a value)";
}

template<class Found, class Expected>
void expect_equal(const Found& found, const Expected& expected,
                  const std::source_location& where = std::source_location::current()) {
    if (!(found == expected))
        fail_at("expected " + shown(expected) + ", found " + shown(found), where);
}

inline void expect_within(std::string_view text, std::string_view part,
                          const std::source_location& where = std::source_location::current()) {
    if (text.find(part) == std::string_view::npos)
        fail_at("expected " + shown(part) + " within " + shown(text), where);
}

} // namespace solo::testing
