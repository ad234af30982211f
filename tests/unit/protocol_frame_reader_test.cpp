// SPDX-License-Identifier: MIT
#include "protocol/frame_reader.hpp"
#include "tests/support/cmocka.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using solo::protocol::FrameReader;

namespace {

constexpr std::size_t limit = 4096;

/// Gives the reader as many of the bytes as it takes, without taking messages; returns how many those were.
std::size_t feed(FrameReader& reader, std::string_view bytes) {
    std::size_t fed = 0;
    while (fed < bytes.size()) {
        const auto space = reader.space();
        const auto count = std::min(space.size(), bytes.size() - fed);
        if (count == 0)
            break;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(fed), count, space.begin());
        reader.received(count);
        fed += count;
    }
    return fed;
}

std::vector<std::string> take_all(FrameReader& reader) {
    std::vector<std::string> messages;
    while (const auto message = reader.next())
        messages.emplace_back(*message);
    return messages;
}

std::string message_of(std::size_t size_with_nul) {
    return std::string(size_with_nul - 1, 'x') + '\0';
}

void nothing_is_there_at_first(void** /*state*/) {
    FrameReader reader{limit};
    assert_false(reader.next().has_value());
    assert_false(reader.has_partial());
    assert_false(reader.over_limit());
    assert_false(reader.space().empty());
}

void an_empty_message_is_a_message(void** /*state*/) {
    FrameReader reader{limit};
    feed(reader, std::string(2, '\0'));
    const auto messages = take_all(reader);
    assert_int_equal(messages.size(), 2);
    assert_true(messages[0].empty() && messages[1].empty());
    assert_false(reader.has_partial());
}

void a_message_that_comes_byte_by_byte_is_whole_at_its_nul(void** /*state*/) {
    FrameReader reader{limit};
    const std::string text = R"({"method":"a.b.C"})";
    for (const char c : text) {
        feed(reader, std::string_view{&c, 1});
        assert_false(reader.next().has_value());
        assert_true(reader.has_partial());
    }
    feed(reader, std::string(1, '\0'));
    assert_string_equal(std::string{*reader.next()}.c_str(), text.c_str());
    assert_false(reader.has_partial());
}

void pipelined_messages_come_out_in_order_and_the_rest_waits(void** /*state*/) {
    FrameReader reader{limit};
    feed(reader, std::string{"one\0two\0\0thr", 12});
    const auto messages = take_all(reader);
    assert_int_equal(messages.size(), 3);
    assert_string_equal(messages[0].c_str(), "one");
    assert_string_equal(messages[1].c_str(), "two");
    assert_string_equal(messages[2].c_str(), "");
    assert_true(reader.has_partial());
    feed(reader, std::string{"ee\0", 3});
    assert_string_equal(std::string{*reader.next()}.c_str(), "three");
}

void every_split_of_a_stream_gives_the_same_messages(void** /*state*/) {
    std::string stream = "first" + std::string(1, '\0') + std::string(1500, 'y') + std::string(2, '\0') + "z";
    stream.push_back('\0');
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        FrameReader reader{limit};
        std::vector<std::string> messages;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            feed(reader, std::string_view{stream}.substr(at, step));
            std::ranges::move(take_all(reader), std::back_inserter(messages));
        }
        assert_int_equal(messages.size(), 4);
        assert_string_equal(messages[0].c_str(), "first");
        assert_int_equal(messages[1].size(), 1500);
        assert_true(messages[2].empty());
        assert_string_equal(messages[3].c_str(), "z");
    }
}

void a_message_exactly_at_the_limit_is_taken(void** /*state*/) {
    FrameReader reader{limit};
    assert_int_equal(feed(reader, message_of(limit)), limit);
    assert_int_equal(reader.next()->size(), limit - 1);
    assert_false(reader.over_limit());
}

void a_message_one_byte_over_the_limit_is_not_taken(void** /*state*/) {
    FrameReader reader{limit};
    assert_int_equal(feed(reader, message_of(limit + 1)), limit);
    assert_false(reader.next().has_value());
    assert_true(reader.over_limit());
    assert_true(reader.space().empty());
}

void the_limit_is_one_message_and_not_the_stream(void** /*state*/) {
    FrameReader reader{limit};
    for (int i = 0; i < 10; ++i) {
        assert_int_equal(feed(reader, message_of(limit)), limit);
        assert_true(reader.next().has_value());
    }
    assert_false(reader.over_limit());
}

void a_limit_below_the_first_buffer_holds_too(void** /*state*/) {
    FrameReader reader{8};
    assert_int_equal(feed(reader, message_of(8)), 8);
    assert_int_equal(reader.next()->size(), 7);
    assert_int_equal(feed(reader, message_of(9)), 8);
    assert_false(reader.next().has_value());
    assert_true(reader.over_limit());
}

void a_message_before_a_long_one_does_not_count_against_its_limit(void** /*state*/) {
    FrameReader reader{limit};
    feed(reader, "short" + std::string(1, '\0'));
    assert_true(reader.next().has_value());
    assert_int_equal(feed(reader, message_of(limit)), limit);
    assert_int_equal(reader.next()->size(), limit - 1);
}

void memory_is_given_back_after_a_big_message(void** /*state*/) {
    constexpr std::size_t big = std::size_t{1} << 20;
    FrameReader reader{big};
    const auto small = reader.space().size();
    assert_true(small < 4096);
    feed(reader, message_of(big));
    assert_true(reader.next().has_value());
    assert_int_equal(reader.space().size(), small);
}

void memory_grows_only_with_what_has_come(void** /*state*/) {
    FrameReader reader{std::size_t{1} << 20};
    feed(reader, std::string(3000, 'x'));
    assert_false(reader.next().has_value());
    assert_true(reader.space().size() <= 3000 + 4096);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(nothing_is_there_at_first),
        SOLO_TEST(an_empty_message_is_a_message),
        SOLO_TEST(a_message_that_comes_byte_by_byte_is_whole_at_its_nul),
        SOLO_TEST(pipelined_messages_come_out_in_order_and_the_rest_waits),
        SOLO_TEST(every_split_of_a_stream_gives_the_same_messages),
        SOLO_TEST(a_message_exactly_at_the_limit_is_taken),
        SOLO_TEST(a_message_one_byte_over_the_limit_is_not_taken),
        SOLO_TEST(the_limit_is_one_message_and_not_the_stream),
        SOLO_TEST(a_limit_below_the_first_buffer_holds_too),
        SOLO_TEST(a_message_before_a_long_one_does_not_count_against_its_limit),
        SOLO_TEST(memory_is_given_back_after_a_big_message),
        SOLO_TEST(memory_grows_only_with_what_has_come),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
