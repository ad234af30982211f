// SPDX-License-Identifier: MIT
#include "protocol/json.hpp"
#include "tests/support/cmocka.hpp"

#include <string>

using solo::protocol::append_string;
using solo::protocol::Json;
using solo::protocol::max_depth;
using solo::protocol::parse_json;
using solo::protocol::to_text;

namespace {

std::string nested(std::size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
}

void assert_refused(std::string_view text) {
    if (parse_json(text))
        fail_msg("accepted: %s", std::string{text}.c_str());
}

void an_object_is_read(void** /*state*/) {
    const auto value = parse_json(R"( {"a": [1, -2, true, null, "ü"]} )");
    assert_true(value.has_value());
    assert_int_equal((*value)["a"][1].get<int>(), -2);
    assert_string_equal((*value)["a"][4].get<std::string>().c_str(), "ü");
}

void nesting_at_the_limit_is_read_and_one_deeper_is_refused(void** /*state*/) {
    assert_true(parse_json(nested(max_depth, '[', ']')).has_value());
    assert_refused(nested(max_depth + 1, '[', ']'));
    std::string objects = "1";
    for (std::size_t i = 0; i < max_depth; ++i)
        objects.insert(0, R"({"a":)").append("}");
    assert_true(parse_json(objects).has_value());
    assert_refused("[" + objects + "]");
}

void a_hundred_thousand_brackets_are_refused_at_once(void** /*state*/) {
    assert_refused(std::string(100'000, '['));
    assert_refused(std::string(100'000, '{'));
}

void brackets_beside_each_other_are_not_deep(void** /*state*/) {
    std::string wide = "[[]";
    for (int i = 0; i < 1000; ++i)
        wide += ",[]";
    assert_true(parse_json(wide + "]").has_value());
}

void brackets_inside_strings_do_not_count(void** /*state*/) {
    const std::string brackets(100, '[');
    const auto value = parse_json(R"({"a":")" + brackets + R"(\")" + brackets + R"(\\"})");
    assert_true(value.has_value());
    assert_int_equal((*value)["a"].get<std::string>().size(), 202);
}

void a_string_cannot_hide_depth(void** /*state*/) {
    // An escaped backslash ends no escape: the quote after it closes the string, and what follows counts.
    assert_refused(R"(["\\",)" + nested(max_depth, '[', ']') + "]");
    // Closing brackets without an opener earn no credit.
    assert_refused("]]]]" + nested(max_depth + 1, '[', ']'));
}

void bytes_that_are_not_utf8_are_refused(void** /*state*/) {
    assert_refused("\"\xff\"");
    assert_refused("\"\xc3\"");
    assert_refused("\"\xc0\xaf\"");
    assert_refused("\"\xed\xa0\x80\"");
    assert_refused("{\"\x80\": 1}");
}

void lone_surrogates_are_refused(void** /*state*/) {
    assert_refused(R"("\ud800")");
    assert_refused(R"("\udc00")");
    assert_refused(R"("\ud800A")");
    assert_string_equal(parse_json(R"("\ud83d\ude00")")->get<std::string>().c_str(), "\xf0\x9f\x98\x80");
}

void a_number_that_no_double_holds_is_refused(void** /*state*/) {
    assert_refused("1e400");
    assert_refused(R"({"uid": -1e400})");
    assert_refused("NaN");
    assert_refused("Infinity");
}

void an_integer_beyond_64_bits_is_no_integer(void** /*state*/) {
    assert_true(parse_json("18446744073709551615")->is_number_unsigned());
    assert_true(parse_json("18446744073709551616")->is_number_float());
    assert_true(parse_json("-9223372036854775808")->is_number_integer());
    assert_true(parse_json("-9223372036854775809")->is_number_float());
}

void what_follows_a_value_is_refused(void** /*state*/) {
    assert_refused("{} {}");
    assert_refused("{}x");
    assert_refused("[1,]");
    assert_refused("{\"a\":1,}");
}

void what_is_no_json_is_refused(void** /*state*/) {
    for (const auto* const text : {"", " ", "{", "}", "\"", "\"\\", "{\"a\"}", "{a:1}", "'a'", "// c\n1",
                                   "01", "+1", ".5", "tru", "\"a\nb\""})
        assert_refused(text);
}

void of_duplicate_keys_the_last_counts(void** /*state*/) {
    const auto value = parse_json(R"({"uid": 0, "uid": 1000})");
    assert_int_equal(value->size(), 1);
    assert_int_equal((*value)["uid"].get<int>(), 1000);
}

void text_that_is_not_utf8_is_said_with_replacement_characters(void** /*state*/) {
    assert_string_equal(to_text(Json("a\xff\xfe z")).c_str(), "\"a\xef\xbf\xbd\xef\xbf\xbd z\"");
}

void control_characters_and_nul_are_escaped(void** /*state*/) {
    const std::string text = to_text(Json(std::string{"\0\x1b\n", 3}));
    assert_string_equal(text.c_str(), R"("\u0000\u001b\n")");
}

void a_string_is_appended_as_a_value_is_written(void** /*state*/) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        const auto c = static_cast<char>(byte);
        all += c;
        for (const auto& text : {std::string{c}, "a" + std::string{c} + "z", all}) {
            std::string out = "x";
            append_string(out, text);
            assert_string_equal(out.c_str(), ("x" + to_text(Json(text))).c_str());
        }
    }
    std::string out;
    append_string(out, "");
    assert_string_equal(out.c_str(), "\"\"");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(an_object_is_read),
        SOLO_TEST(nesting_at_the_limit_is_read_and_one_deeper_is_refused),
        SOLO_TEST(a_hundred_thousand_brackets_are_refused_at_once),
        SOLO_TEST(brackets_beside_each_other_are_not_deep),
        SOLO_TEST(brackets_inside_strings_do_not_count),
        SOLO_TEST(a_string_cannot_hide_depth),
        SOLO_TEST(bytes_that_are_not_utf8_are_refused),
        SOLO_TEST(lone_surrogates_are_refused),
        SOLO_TEST(a_number_that_no_double_holds_is_refused),
        SOLO_TEST(an_integer_beyond_64_bits_is_no_integer),
        SOLO_TEST(what_follows_a_value_is_refused),
        SOLO_TEST(what_is_no_json_is_refused),
        SOLO_TEST(of_duplicate_keys_the_last_counts),
        SOLO_TEST(text_that_is_not_utf8_is_said_with_replacement_characters),
        SOLO_TEST(control_characters_and_nul_are_escaped),
        SOLO_TEST(a_string_is_appended_as_a_value_is_written),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
