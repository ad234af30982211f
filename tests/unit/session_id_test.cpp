// SPDX-License-Identifier: MIT
#include "daemon/core/session_id.hpp"
#include "tests/support/cmocka.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace {

using solo::SessionId;

constexpr const char* example = "0190163d-8694-739b-aea5-966c26f8ad91";

void an_id_is_parsed_from_its_text(void** /*state*/) {
    const auto id = SessionId::parse(example);
    assert_true(id.has_value());
    assert_int_equal(id->bytes.front(), 0x01);
    assert_int_equal(id->bytes.back(), 0x91);
    assert_string_equal(id->text().c_str(), example);
}

void the_text_of_an_id_is_in_lower_case(void** /*state*/) {
    const auto id = SessionId::parse("0190163D-8694-739B-AEA5-966C26F8AD91");
    assert_true(id.has_value());
    assert_string_equal(id->text().c_str(), example);
}

void the_text_of_an_id_has_36_characters_even_if_all_its_bytes_are_zero(void** /*state*/) {
    assert_string_equal(SessionId{}.text().c_str(), "00000000-0000-0000-0000-000000000000");
    assert_int_equal(SessionId{}.text().size(), 36);
}

void what_is_no_uuid_is_no_id(void** /*state*/) {
    const std::string text = example;
    for (const std::string& wrong :
         {std::string{}, std::string{"s1"}, text.substr(1), text + "0", text + " ", " " + text.substr(1),
          "{" + text + "}", text.substr(0, 35) + "g", text.substr(0, 8) + "0" + text.substr(9),
          text.substr(0, 35) + std::string(1, '\0'), std::string{"0190163d8694739baea5966c26f8ad91"}}) {
        if (SessionId::parse(wrong))
            fail_msg("parsed: %s", wrong.c_str());
    }
    assert_false(SessionId::parse(std::string_view{}).has_value());
}

void a_text_is_read_only_as_far_as_it_goes(void** /*state*/) {
    const std::string longer = std::string{example} + "and more";
    assert_true(SessionId::parse(std::string_view{longer}.substr(0, 36)).has_value());
    assert_false(SessionId::parse(std::string_view{longer}.substr(0, 35)).has_value());
}

void ids_sort_by_the_time_they_were_made(void** /*state*/) {
    const auto earlier = SessionId::parse("0190163d-8694-7fff-bfff-ffffffffffff");
    const auto later = SessionId::parse("0190163d-8695-7000-8000-000000000000");
    assert_true(earlier < later);
    assert_true(earlier == earlier);
    assert_true(earlier != later);
}

void the_first_id_of_a_time_is_no_greater_than_one_made_then(void** /*state*/) {
    const auto made = SessionId::parse("0190163d-8694-7000-8000-000000000000");
    const std::int64_t time = 0x0190163d8694 * std::int64_t{1000};
    assert_true(SessionId::first_of(time) <= *made);
    assert_true(SessionId::first_of(time + 999) <= *made);
    assert_true(SessionId::first_of(time + 1000) > *made);
    assert_true(SessionId::first_of(time - 1) < SessionId::first_of(time));
    assert_true(SessionId::first_of(-1) == SessionId{});
}

void ids_of_the_same_millisecond_have_different_hashes(void** /*state*/) {
    const auto one = SessionId::parse("0190163d-8694-739b-aea5-966c26f8ad91");
    const auto other = SessionId::parse("0190163d-8694-739b-aea5-966c26f8ad92");
    assert_true(std::hash<SessionId>{}(*one) != std::hash<SessionId>{}(*other));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(an_id_is_parsed_from_its_text),
        SOLO_TEST(the_text_of_an_id_is_in_lower_case),
        SOLO_TEST(the_text_of_an_id_has_36_characters_even_if_all_its_bytes_are_zero),
        SOLO_TEST(what_is_no_uuid_is_no_id),
        SOLO_TEST(a_text_is_read_only_as_far_as_it_goes),
        SOLO_TEST(ids_sort_by_the_time_they_were_made),
        SOLO_TEST(the_first_id_of_a_time_is_no_greater_than_one_made_then),
        SOLO_TEST(ids_of_the_same_millisecond_have_different_hashes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
