// SPDX-License-Identifier: MIT
#include "protocol/module_options.hpp"
#include "tests/support/cmocka.hpp"

namespace {

using solo::protocol::ModuleOptions;
using solo::protocol::parse_module_options;

ModuleOptions parsed(std::vector<const char*> arguments) {
    return parse_module_options(arguments);
}

void nothing_said_denies_and_asks_the_usual_socket(void** /*state*/) {
    const auto options = parsed({});
    assert_string_equal(options.socket.c_str(), "/run/solo/login.sock");
    assert_int_equal(options.timeout.count(), 10);
    assert_false(options.allow_unavailable);
    assert_string_equal(options.break_glass.c_str(), "");
    assert_false(options.debug);
    assert_int_equal(options.mistakes.size(), 0);
}

void every_option_is_understood(void** /*state*/) {
    const auto options =
        parsed({"socket=/tmp/s", "timeout=300", "on_unavailable=allow", "break_glass=wheel", "debug"});
    assert_string_equal(options.socket.c_str(), "/tmp/s");
    assert_int_equal(options.timeout.count(), 300);
    assert_true(options.allow_unavailable);
    assert_string_equal(options.break_glass.c_str(), "wheel");
    assert_true(options.debug);
    assert_int_equal(options.mistakes.size(), 0);
}

void mistakes_are_kept_and_loosen_nothing(void** /*state*/) {
    const std::vector<const char*> mistakes{"",
                                            "bogus",
                                            "socket",
                                            "socket=",
                                            "socket=relative",
                                            "timeout",
                                            "timeout=",
                                            "timeout=0",
                                            "timeout=-1",
                                            "timeout=301",
                                            "timeout=5s",
                                            "timeout= 5",
                                            "timeout=x",
                                            "timeout=+5",
                                            "break_glass=",
                                            "on_unavailable=",
                                            "on_unavailable=Allow",
                                            "on_unavailable",
                                            "debugging",
                                            "debug=1",
                                            "no_warn",
                                            "DEBUG",
                                            "on_unavailable=allow ",
                                            "timeout=99999999999"};
    for (const char* const mistake : mistakes) {
        const auto options = parsed({mistake});
        assert_int_equal(options.mistakes.size(), 1);
        assert_string_equal(options.mistakes[0].c_str(), mistake);
        assert_string_equal(options.socket.c_str(), "/run/solo/login.sock");
        assert_int_equal(options.timeout.count(), 10);
        assert_false(options.allow_unavailable);
        assert_string_equal(options.break_glass.c_str(), "");
        assert_false(options.debug);
    }
}

void malformed_option_takes_back_what_was_looser(void** /*state*/) {
    const auto options = parsed({"on_unavailable=allow", "timeout=300", "break_glass=wheel",
                                 "on_unavailable=alow", "timeout=ten", "break_glass="});
    assert_false(options.allow_unavailable);
    assert_int_equal(options.timeout.count(), 10);
    assert_string_equal(options.break_glass.c_str(), "");
    assert_int_equal(options.mistakes.size(), 3);
}

void last_one_counts(void** /*state*/) {
    const auto options = parsed({"on_unavailable=allow", "on_unavailable=deny", "timeout=3", "timeout=4"});
    assert_false(options.allow_unavailable);
    assert_int_equal(options.timeout.count(), 4);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(nothing_said_denies_and_asks_the_usual_socket),
        SOLO_TEST(every_option_is_understood),
        SOLO_TEST(mistakes_are_kept_and_loosen_nothing),
        SOLO_TEST(malformed_option_takes_back_what_was_looser),
        SOLO_TEST(last_one_counts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
