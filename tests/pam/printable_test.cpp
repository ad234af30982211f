// SPDX-License-Identifier: MIT
#include "protocol/printable.hpp"
#include "tests/support/cmocka.hpp"

#include <string>
#include <string_view>

namespace {

using solo::protocol::printable;
using solo::protocol::truncated;

void assert_printed(std::string_view text, const char* expected) {
    assert_string_equal(printable(text).c_str(), expected);
}

void plain_text_comes_back_as_it_is(void** /*state*/) {
    assert_printed("", "");
    assert_printed("alice", "alice");
    assert_printed("DOM\\alice", "DOM\\alice");
    assert_printed("Zo\xC3\xAB \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x94\x92",
                   "Zo\xC3\xAB \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x94\x92");
}

void control_characters_are_escaped(void** /*state*/) {
    using namespace std::string_view_literals;
    assert_printed("a\nb\r\t"sv, "a\\x0ab\\x0d\\x09");
    assert_printed("\0x"sv, "\\x00x");
    assert_printed("\x1B[2J\x7F"sv, "\\x1b[2J\\x7f");
    assert_printed("\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0"sv, "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xC2\xA0");
}

void what_turns_the_line_or_its_direction_is_escaped(void** /*state*/) {
    assert_printed("\xD8\x9C", "\\xd8\\x9c");
    assert_printed("\xE2\x80\x8E\xE2\x80\x8F", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
    assert_printed("\xE2\x80\xA8\xE2\x80\xAE", "\\xe2\\x80\\xa8\\xe2\\x80\\xae");
    assert_printed("\xE2\x81\xA6\xE2\x81\xA9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
    assert_printed("\xE2\x80\x94", "\xE2\x80\x94");
}

void bytes_that_are_no_utf8_are_escaped_one_by_one(void** /*state*/) {
    assert_printed("\x80", "\\x80");
    assert_printed("a\xC3", "a\\xc3");
    assert_printed("\xC3(", "\\xc3(");
    assert_printed("\xC0\xAF", "\\xc0\\xaf");                   // overlong
    assert_printed("\xE0\x80\xAF", "\\xe0\\x80\\xaf");          // overlong
    assert_printed("\xED\xA0\x80", "\\xed\\xa0\\x80");          // surrogate
    assert_printed("\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); // above U+10FFFF
    assert_printed("\xFF\xFE", "\\xff\\xfe");
}

void what_is_printed_once_is_printed_the_same_again(void** /*state*/) {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second), 'x'};
            const std::string once = printable(text);
            assert_string_equal(printable(once).c_str(), once.c_str());
        }
    }
}

void text_is_never_cut_within_a_character(void** /*state*/) {
    assert_int_equal(truncated("abc", 3).size(), 3);
    assert_int_equal(truncated("abcd", 3).size(), 3);
    assert_int_equal(truncated("ab\xC3\xAB", 3).size(), 2);
    assert_int_equal(truncated("\xF0\x9F\x94\x92", 3).size(), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(plain_text_comes_back_as_it_is),
        SOLO_TEST(control_characters_are_escaped),
        SOLO_TEST(what_turns_the_line_or_its_direction_is_escaped),
        SOLO_TEST(bytes_that_are_no_utf8_are_escaped_one_by_one),
        SOLO_TEST(what_is_printed_once_is_printed_the_same_again),
        SOLO_TEST(text_is_never_cut_within_a_character),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
