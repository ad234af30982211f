// SPDX-License-Identifier: MIT
#include "protocol/codec.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/sessions_messages.hpp"
#include "tests/support/cmocka.hpp"

#include <string>

using namespace solo::protocol;

namespace {

/// A message with a field of each type.
struct Everything {
    std::string text;
    bool flag = false;
    std::uint32_t number = 0;
    std::int64_t big = 0;
    Decision decision = Decision::ignore;
    std::optional<std::string> maybe;
    std::optional<Origin> origin;
    std::vector<std::uint32_t> numbers;

    static constexpr auto fields() {
        return std::tuple{field("text", &Everything::text),         field("flag", &Everything::flag),
                          field("number", &Everything::number),     field("big", &Everything::big),
                          field("decision", &Everything::decision), field("maybe", &Everything::maybe),
                          field("origin", &Everything::origin),     field("numbers", &Everything::numbers)};
    }
};

Json example() {
    return Json::parse(R"({"text": "t", "flag": true, "number": 7, "big": -9, "decision": "supersede",
                           "maybe": "m", "origin": {"service": "sshd"}, "numbers": [1, 2, 3]})");
}

/// The example with one field's value replaced by what `text` says; the name that decode blames, "" for none.
std::string blamed(const char* name, const char* text) {
    Json value = example();
    value[name] = Json::parse(text);
    const auto decoded = decode<Everything>(value);
    return decoded ? "" : decoded.error().name;
}

void assert_wrong(const char* name, const char* text) {
    if (blamed(name, text) != name)
        fail_msg("%s = %s blames \"%s\"", name, text, blamed(name, text).c_str());
}

void assert_right(const char* name, const char* text) {
    if (!blamed(name, text).empty())
        fail_msg("%s = %s is refused", name, text);
}

template<class T>
std::string blamed_in(const char* text) {
    const auto decoded = decode<T>(Json::parse(text));
    return decoded ? "" : decoded.error().name;
}

void each_type_is_read(void** /*state*/) {
    const auto read = decode<Everything>(example());
    assert_true(read.has_value());
    assert_string_equal(read->text.c_str(), "t");
    assert_true(read->flag);
    assert_int_equal(read->number, 7);
    assert_true(read->big == -9);
    assert_true(read->decision == Decision::supersede);
    assert_string_equal(read->maybe->c_str(), "m");
    assert_string_equal(read->origin->service.c_str(), "sshd");
    assert_true((read->numbers == std::vector<std::uint32_t>{1, 2, 3}));
}

void what_is_written_reads_back_the_same(void** /*state*/) {
    const auto read = decode<Everything>(example());
    assert_string_equal(to_json(*read).c_str(),
                        R"({"text":"t","flag":true,"number":7,"big":-9,"decision":"supersede","maybe":"m",)"
                        R"("origin":{"service":"sshd"},"numbers":[1,2,3]})");
    assert_true(Json::parse(to_json(*read)) == example());
}

void any_number_of_messages_is_written_as_an_array(void** /*state*/) {
    std::vector<Origin> origins;
    assert_string_equal(to_json(origins).c_str(), "[]");
    origins.push_back({.service = "sshd", .tty = {}, .rhost = {}, .ruser = {}});
    assert_string_equal(to_json(origins).c_str(), R"([{"service":"sshd"}])");
    origins.push_back({.service = "su", .tty = "pts/1", .rhost = {}, .ruser = {}});
    assert_string_equal(to_json(origins).c_str(), R"([{"service":"sshd"},{"service":"su","tty":"pts/1"}])");
}

void an_optional_that_is_absent_is_not_written(void** /*state*/) {
    Origin origin;
    origin.service = "login";
    assert_string_equal(to_json(origin).c_str(), R"({"service":"login"})");
    origin.ruser = "";
    assert_string_equal(to_json(origin).c_str(), R"({"service":"login","ruser":""})");
}

void a_message_without_fields_is_an_empty_object(void** /*state*/) {
    assert_string_equal(to_json(login::PermissionDenied{}).c_str(), "{}");
    assert_string_equal(to_json(Account{}).c_str(), R"({"name":""})");
}

void an_optional_may_be_missing_or_null(void** /*state*/) {
    for (const auto* const name : {"maybe", "origin"}) {
        assert_right(name, "null");
        Json value = example();
        value.erase(name);
        assert_true(decode<Everything>(value).has_value());
    }
    Json value = example();
    value["maybe"] = nullptr;
    assert_false(decode<Everything>(value)->maybe.has_value());
}

void a_required_field_may_not_be_missing_or_null(void** /*state*/) {
    for (const auto* const name : {"text", "flag", "number", "big", "decision", "numbers"}) {
        assert_wrong(name, "null");
        Json value = example();
        value.erase(name);
        assert_string_equal(decode<Everything>(value).error().name.c_str(), name);
    }
}

void a_wrong_type_is_refused(void** /*state*/) {
    for (const auto* const text : {"1", "true", "[]", "{}", "[\"t\"]"}) {
        assert_wrong("text", text);
        assert_wrong("maybe", text);
    }
    for (const auto* const text : {"0", "1", "\"true\"", "[]"})
        assert_wrong("flag", text);
    for (const auto* const text : {"\"7\"", "true", "[7]", "{}"})
        assert_wrong("number", text);
    for (const auto* const text : {"1", "\"\"", "\"Grant\"", "\"granted\"", "true"})
        assert_wrong("decision", text);
    for (const auto* const text : {"1", "\"x\"", "[]"})
        assert_wrong("origin", text);
    for (const auto* const text : {"1", "{}", "[\"1\"]", "[null]", "[1, -1]", "[[1]]"})
        assert_wrong("numbers", text);
}

void an_integer_out_of_range_is_refused(void** /*state*/) {
    assert_wrong("number", "-1");
    assert_right("number", "4294967295");
    assert_wrong("number", "4294967296");
    assert_wrong("number", "18446744073709551615");
    assert_right("big", "9223372036854775807");
    assert_right("big", "-9223372036854775808");
    assert_wrong("big", "9223372036854775808");
    assert_wrong("big", "-9223372036854775809");
}

void an_integer_above_2_to_53_keeps_every_bit(void** /*state*/) {
    Json value = example();
    value["big"] = Json::parse("9007199254740993");
    assert_true(decode<Everything>(value)->big == 9007199254740993);
    assert_true(to_json(*decode<Everything>(value)).find("\"big\":9007199254740993,") != std::string::npos);
}

void a_number_with_a_point_or_an_exponent_is_no_integer(void** /*state*/) {
    for (const auto* const text : {"1.0", "1e3", "0.5", "-0.0"}) {
        assert_wrong("number", text);
        assert_wrong("big", text);
    }
}

void unknown_fields_are_ignored(void** /*state*/) {
    assert_right("invented_tomorrow", R"({"a": [1]})");
    const auto origin = decode<Origin>(Json::parse(R"({"service": "sshd", "colour": "green"})"));
    assert_true(origin.has_value());
}

void the_wrong_field_is_named_by_its_path(void** /*state*/) {
    assert_string_equal(
        blamed_in<login::Check>(R"({"account": {"name": "a", "uid": -1, "gids": []}, "origin": {}})").c_str(),
        "account.uid");
    assert_string_equal(
        blamed_in<login::Check>(R"({"account": {"name": "a", "gids": []}, "origin": {}})").c_str(),
        "origin.service");
    assert_string_equal(blamed_in<login::Check>(R"({"account": {"name": "a", "gids": [1, "2"]}})").c_str(),
                        "account.gids");
    assert_string_equal(blamed_in<login::Check>(R"({"account": 1})").c_str(), "account");
    assert_string_equal(
        blamed_in<login::Refused>(R"({"message": "m", "rule": "r", "holder": {"id": "i"}})").c_str(),
        "holder.opened");
}

void what_is_no_object_is_no_message(void** /*state*/) {
    for (const auto* const text : {"null", "[]", "1", "\"id\"", "true"})
        assert_false(decode<login::Close>(Json::parse(text)).has_value());
}

void every_enumeration_value_has_its_own_name(void** /*state*/) {
    const auto names = enum_names(EventKind{});
    for (std::size_t i = 0; i < names.size(); ++i) {
        EventKind kind{};
        assert_true(detail::read_enum(Json(names[i]), kind));
        assert_int_equal(static_cast<std::size_t>(kind), i);
    }
    assert_string_equal(std::string{name_of(EventKind::recovered)}.c_str(), "recovered");
}

void a_string_keeps_its_nul(void** /*state*/) {
    const auto read = decode<login::Close>(Json::parse(R"({"id": "a\u0000b"})"));
    assert_int_equal(read->id.size(), 3);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(each_type_is_read),
        SOLO_TEST(what_is_written_reads_back_the_same),
        SOLO_TEST(any_number_of_messages_is_written_as_an_array),
        SOLO_TEST(an_optional_that_is_absent_is_not_written),
        SOLO_TEST(a_message_without_fields_is_an_empty_object),
        SOLO_TEST(an_optional_may_be_missing_or_null),
        SOLO_TEST(a_required_field_may_not_be_missing_or_null),
        SOLO_TEST(a_wrong_type_is_refused),
        SOLO_TEST(an_integer_out_of_range_is_refused),
        SOLO_TEST(an_integer_above_2_to_53_keeps_every_bit),
        SOLO_TEST(a_number_with_a_point_or_an_exponent_is_no_integer),
        SOLO_TEST(unknown_fields_are_ignored),
        SOLO_TEST(the_wrong_field_is_named_by_its_path),
        SOLO_TEST(what_is_no_object_is_no_message),
        SOLO_TEST(every_enumeration_value_has_its_own_name),
        SOLO_TEST(a_string_keeps_its_nul),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
