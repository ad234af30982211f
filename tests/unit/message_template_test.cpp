// SPDX-License-Identifier: MIT
#include "daemon/message_template.hpp"
#include "tests/unit/expect.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace solo;
using namespace solo::testing;

namespace {

const MessageValues values{.account = "alice", .holder = "10.0.0.5 (sshd)", .since = "10:02"};

void placeholders_are_replaced_wherever_they_stand(void** /*state*/) {
    const std::vector<std::pair<std::string, std::string>> texts{
        {"", ""},
        {"Call 112.", "Call 112."},
        {"{account}", "alice"},
        {"{account} is in from {holder} since {since}.", "alice is in from 10.0.0.5 (sshd) since 10:02."},
        {"{since}{since}", "10:0210:02"},
        {"{{account}}", "{alice}"},
        {"{account", "{account"},
        {"account}", "account}"},
        {"{ account}", "{ account}"},
        {"{Account}", "{Account}"},
        {"{}", "{}"},
        {"\xc3\xbc{account}\xc3\xbc", "\xc3\xbc"
                                      "alice\xc3\xbc"},
    };
    for (const auto& [text, filled] : texts)
        expect_equal(fill_message(text, values), filled);
}

void what_a_value_holds_is_not_looked_at_again(void** /*state*/) {
    expect_equal(
        fill_message("{account} {holder}", {.account = "{since}", .holder = "{account}", .since = "x"}),
        "{since} {account}");
    expect_equal(fill_message("{acc{account}", {.account = "ount}", .holder = {}, .since = {}}), "{account}");
}

void a_word_in_braces_that_is_no_placeholder_is_found(void** /*state*/) {
    const std::vector<std::pair<std::string, std::string>> texts{
        {"{user}", "{user}"},
        {"{account} {user} {host}", "{user}"},
        {"{}", "{}"},
        {"{ account}", "{ account}"},
        {"{Account}", "{Account}"},
        {"{a{account}", "{a{account}"},
    };
    for (const auto& [text, word] : texts)
        expect_equal(unknown_placeholder(text).value_or("none"), word);
}

void a_text_with_placeholders_alone_is_fine(void** /*state*/) {
    for (const char* const text : {"", "Call 112.", "{account}{holder}{since}", "a } b", "a { b", "{account"})
        expect(!unknown_placeholder(text), text);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(placeholders_are_replaced_wherever_they_stand),
        SOLO_TEST(what_a_value_holds_is_not_looked_at_again),
        SOLO_TEST(a_word_in_braces_that_is_no_placeholder_is_found),
        SOLO_TEST(a_text_with_placeholders_alone_is_fine),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
