// SPDX-License-Identifier: MIT
#include "protocol/envelope.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/sessions_messages.hpp"
#include "tests/support/cmocka.hpp"

#include <string>

using namespace solo::protocol;

namespace {

void assert_no_call(const char* text) {
    if (parse_call(text))
        fail_msg("taken for a call: %s", text);
}

void assert_no_reply(const char* text) {
    if (parse_reply(text))
        fail_msg("taken for a reply: %s", text);
}

/// The frame without its NUL, which must be its last byte and the only one.
std::string text_of(const std::string& frame) {
    assert_true(!frame.empty() && frame.find('\0') == frame.size() - 1);
    return frame.substr(0, frame.size() - 1);
}

void a_call_is_read(void** /*state*/) {
    const auto call = parse_call(R"({"method": "a.b.C", "parameters": {"id": "x"}, "oneway": true})");
    assert_true(call.has_value());
    assert_string_equal(call->method.c_str(), "a.b.C");
    assert_string_equal(call->parameters["id"].get<std::string>().c_str(), "x");
    assert_true(call->oneway);
    assert_false(call->more || call->upgrade);
}

void a_call_is_written(void** /*state*/) {
    auto call = make_call(login::Confirm{.id = "x"});
    call.oneway = true;
    assert_string_equal(text_of(to_frame(call)).c_str(),
                        R"({"method":"org.pamsolo.Login.Confirm","parameters":{"id":"x"},"oneway":true})");
    assert_string_equal(text_of(to_frame(Call{.method = "a.b.C", .more = true})).c_str(),
                        R"({"method":"a.b.C","parameters":{},"more":true})");
    assert_string_equal(text_of(to_frame(Call{.method = "a.b.C", .upgrade = true})).c_str(),
                        R"({"method":"a.b.C","parameters":{},"upgrade":true})");
}

void a_flag_may_be_absent_null_or_false(void** /*state*/) {
    for (const auto* const text :
         {R"({"method": "a.b.C"})", R"({"method": "a.b.C", "oneway": null, "more": null})",
          R"({"method": "a.b.C", "oneway": false, "more": false, "upgrade": false})"}) {
        const auto call = parse_call(text);
        assert_true(call.has_value());
        assert_false(call->oneway || call->more || call->upgrade);
    }
    assert_no_call(R"({"method": "a.b.C", "more": 1})");
    assert_no_call(R"({"method": "a.b.C", "oneway": "true"})");
    assert_no_call(R"({"method": "a.b.C", "upgrade": {}})");
}

void each_flag_is_read_alone(void** /*state*/) {
    assert_true(parse_call(R"({"method": "a.b.C", "more": true})")->more);
    assert_true(parse_call(R"({"method": "a.b.C", "upgrade": true})")->upgrade);
    assert_true(parse_call(R"({"method": "a.b.C", "oneway": true, "more": false})")->oneway);
}

void more_than_one_flag_is_refused(void** /*state*/) {
    assert_no_call(R"({"method": "a.b.C", "oneway": true, "more": true})");
    assert_no_call(R"({"method": "a.b.C", "oneway": true, "upgrade": true})");
    assert_no_call(R"({"method": "a.b.C", "more": true, "upgrade": true})");
    assert_no_call(R"({"method": "a.b.C", "more": true, "upgrade": true, "oneway": true})");
}

void parameters_may_be_absent_null_or_an_object_and_nothing_else(void** /*state*/) {
    for (const auto* const text : {R"({"method": "a.b.C"})", R"({"method": "a.b.C", "parameters": null})",
                                   R"({"method": "a.b.C", "parameters": {}})"}) {
        const auto call = parse_call(text);
        assert_true(call.has_value());
        assert_true(call->parameters.is_object() && call->parameters.empty());
    }
    for (const auto* const text :
         {R"({"method": "a.b.C", "parameters": []})", R"({"method": "a.b.C", "parameters": "x"})",
          R"({"method": "a.b.C", "parameters": 0})"})
        assert_no_call(text);
    assert_true(parse_reply(R"({"parameters": null})")->parameters.is_object());
    assert_no_reply(R"({"parameters": []})");
}

void what_names_no_method_is_no_call(void** /*state*/) {
    for (const auto* const text :
         {"", "{}", "[]", "null", "\"a.b.C\"", R"({"method": 1})", R"({"method": null})",
          R"({"parameters": {}})", R"([{"method": "a.b.C"}])"})
        assert_no_call(text);
}

void a_reply_is_read(void** /*state*/) {
    const auto reply = parse_reply(R"({"parameters": {"id": "x"}, "continues": true})");
    assert_true(reply.has_value());
    assert_false(reply->failed());
    assert_true(reply->continues);
    assert_string_equal(reply->parameters["id"].get<std::string>().c_str(), "x");
}

void an_empty_object_is_a_reply(void** /*state*/) {
    const auto reply = parse_reply("{}");
    assert_true(reply.has_value());
    assert_false(reply->failed() || reply->continues);
}

void a_reply_is_written(void** /*state*/) {
    assert_string_equal(text_of(to_frame(make_reply(login::Close::Reply{}))).c_str(), R"({"parameters":{}})");
    auto reply = make_reply(sessions::Renew::Reply{.expires = 5});
    reply.continues = true;
    assert_string_equal(text_of(to_frame(reply)).c_str(), R"({"parameters":{"expires":5},"continues":true})");
}

void an_error_is_written_with_its_full_name(void** /*state*/) {
    const auto text = text_of(to_frame(make_error(login::Unavailable{.reason = "stopping"})));
    assert_string_equal(text.c_str(),
                        R"({"parameters":{"reason":"stopping"},"error":"org.pamsolo.Login.Unavailable"})");
    const auto reply = parse_reply(text);
    assert_true(reply->failed());
    assert_string_equal(reply->error.c_str(), "org.pamsolo.Login.Unavailable");
}

void an_error_that_names_nothing_is_no_reply(void** /*state*/) {
    assert_no_reply(R"({"error": ""})");
    assert_no_reply(R"({"error": 1})");
    assert_no_reply(R"({"error": {"name": "x"}})");
    assert_false(parse_reply(R"({"error": null})")->failed());
}

void what_is_no_object_is_no_reply(void** /*state*/) {
    for (const auto* const text :
         {"", "null", "[]", "true", "\"ok\"", "{\"parameters\":{}", "HTTP/1.1 200 OK"})
        assert_no_reply(text);
    assert_no_reply(R"({"continues": 1})");
}

void no_string_breaks_a_frame(void** /*state*/) {
    const std::string hostile{"a\0b\"\\\xff\n", 7};
    const auto text = text_of(to_frame(make_call(login::Close{.id = hostile})));
    const auto call = parse_call(text);
    assert_true(call.has_value());
    const std::string expected{"a\0b\"\\\xef\xbf\xbd\n", 9};
    assert_true(decode<login::Close>(call->parameters)->id == expected);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_call_is_read),
        SOLO_TEST(a_call_is_written),
        SOLO_TEST(a_flag_may_be_absent_null_or_false),
        SOLO_TEST(each_flag_is_read_alone),
        SOLO_TEST(more_than_one_flag_is_refused),
        SOLO_TEST(parameters_may_be_absent_null_or_an_object_and_nothing_else),
        SOLO_TEST(what_names_no_method_is_no_call),
        SOLO_TEST(a_reply_is_read),
        SOLO_TEST(an_empty_object_is_a_reply),
        SOLO_TEST(a_reply_is_written),
        SOLO_TEST(an_error_is_written_with_its_full_name),
        SOLO_TEST(an_error_that_names_nothing_is_no_reply),
        SOLO_TEST(what_is_no_object_is_no_reply),
        SOLO_TEST(no_string_breaks_a_frame),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
