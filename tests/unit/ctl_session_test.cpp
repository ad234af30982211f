// SPDX-License-Identifier: MIT
// The commands about one session or one account: show, end, validate; and watch.
#include "tests/unit/ctl_examples.hpp"
#include "tests/unit/ctl_harness.hpp"

#include <csignal>

#include <unistd.h>

using namespace solo::testing;

namespace {

/// What solod answers to End; not before the test begins.
std::string ended(const std::string& id, const std::string& when = "4000000060000000") {
    return in_reply(
        R"({"id":")" + id +
        R"(","account":"alice","state":"ended","reason":"terminated","service":"sshd","host":"box",)"
        R"("opened":1700000000000000,"ended":)" +
        when + "}");
}

void show_prints_every_field_that_is_known(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(remote_session()))});
    const auto outcome = test.soloctl({"show", first_id});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out.c_str(), "ID            0190a1b2-0000-7000-8000-000000000001\n"
                                             "Account       alice\n"
                                             "UID           1000\n"
                                             "State         active\n"
                                             "Service       sshd\n"
                                             "Terminal      ssh\n"
                                             "Remote host   10.0.0.5\n"
                                             "Host          box\n"
                                             "Leader        4711\n"
                                             "Slot          0\n"
                                             "Opened        2023-11-14 22:13:20\n");
    assert_string_equal(
        test.calls().at(0).c_str(),
        R"({"method":"org.pamsolo.Sessions.Get","parameters":{"id":"0190a1b2-0000-7000-8000-000000000001"}})");
}

void show_in_json_is_the_session(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(remote_session()))});
    const auto outcome = test.soloctl({"--json", "show", first_id});
    assert_int_equal(outcome.status, 0);
    assert_true(json_of(outcome.out) == json_of(remote_session()));
}

void show_escapes_hostile_strings(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(remote_session(first_id, R"(a\u001b]0;x\u0007)", R"(b\r\n)")))});
    const auto outcome = test.soloctl({"show", first_id});
    assert_contains(outcome.out, "Account       a\\x1b]0;x\\x07\n");
    assert_contains(outcome.out, "Remote host   b\\x0d\\x0a\n");
}

void an_id_in_capitals_is_the_same_id(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(remote_session()))});
    assert_int_equal(test.soloctl({"show", "0190A1B2-0000-7000-8000-00000000000A"}).status, 0);
    assert_contains(test.calls().at(0), "0190a1b2-0000-7000-8000-00000000000a");
}

void validate_says_yes_to_an_active_session(void** state) {
    auto& test = harness(state);
    const auto active = replies(R"({"active":true,"state":"active"})");
    test.serve({active, active});
    const auto text = test.soloctl({"validate", first_id});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), "The session is active (active).\n");
    const auto json = test.soloctl({"validate", first_id, "--json"});
    assert_int_equal(json.status, 0);
    assert_true(json_of(json.out) == json_of(R"({"active":true,"state":"active"})"));
}

void validate_says_no_and_why(void** state) {
    auto& test = harness(state);
    const auto reply = R"({"active":false,"state":"ended","reason":"superseded",)"
                       R"("message":"superseded by a login from 10.0.0.9\u001b[2J"})";
    test.serve({replies(reply), replies(reply), replies(R"({"active":false,"state":"ending"})")});
    const auto text = test.soloctl({"validate", first_id});
    assert_int_equal(text.status, 1);
    assert_string_equal(text.out.c_str(), "The session is not active: ended (superseded): "
                                          "superseded by a login from 10.0.0.9\\x1b[2J\n");
    const auto json = test.soloctl({"--json", "validate", first_id});
    assert_int_equal(json.status, 1);
    assert_true(json_of(json.out) == json_of(reply));
    const auto bare = test.soloctl({"validate", first_id});
    assert_int_equal(bare.status, 1);
    assert_string_equal(bare.out.c_str(), "The session is not active: ending\n");
}

void end_ends_one_session_with_a_message(void** state) {
    auto& test = harness(state);
    test.serve({replies(ended(first_id))});
    const auto outcome = test.soloctl({"end", first_id, "--message", "Maintenance at noon."});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out.c_str(), "Ended 0190a1b2-0000-7000-8000-000000000001 of alice (sshd).\n");
    assert_true(json_of(test.calls().at(0)) == json_of(R"({"method":"org.pamsolo.Sessions.End","parameters":{
                    "id":"0190a1b2-0000-7000-8000-000000000001","message":"Maintenance at noon."}})"));
}

void end_of_a_session_that_was_over_says_so(void** state) {
    auto& test = harness(state);
    test.serve({replies(ended(first_id, "1700000060000000"))});
    const auto outcome = test.soloctl({"end", first_id});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out.c_str(), "0190a1b2-0000-7000-8000-000000000001 of alice (sshd) was over "
                                             "already, since 2023-11-14 22:14:20.\n");
}

void end_in_json_is_an_array_of_what_was_ended(void** state) {
    auto& test = harness(state);
    test.serve({replies(ended(first_id))});
    const auto outcome = test.soloctl({"end", first_id, "--json"});
    assert_int_equal(outcome.status, 0);
    const auto value = json_of(outcome.out);
    assert_int_equal(value.size(), 1);
    assert_true(value[0] == (json_of(ended(first_id)))["session"]);
}

void end_account_ends_every_session_of_the_account(void** state) {
    auto& test = harness(state);
    test.serve({replies_more({in_reply(remote_session(first_id)), in_reply(remote_session(second_id))}),
                replies(ended(first_id)), replies(ended(second_id))});
    const auto outcome = test.soloctl({"end", "--account", "alice", "--json"});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_of(outcome.out).size(), 2);
    const auto calls = test.calls();
    assert_int_equal(calls.size(), 3);
    assert_true(json_of(calls[0])["parameters"] == json_of(R"({"account":"alice","ended":false})"));
    assert_contains(calls[1], first_id);
    assert_contains(calls[2], second_id);
}

void end_account_ends_the_own_session_last(void** state) {
    auto& test = harness(state);
    test.serve({replies_more({in_reply(remote_session(first_id)), in_reply(remote_session(second_id))}),
                replies(ended(second_id)), replies(ended(first_id))});
    const auto outcome = test.soloctl({.arguments = {"end", "--account", "alice"},
                                       .environment = {"SOLO_SESSION_ID=" + first_id},
                                       .program = {}});
    assert_int_equal(outcome.status, 0);
    assert_contains(test.calls().at(1), second_id);
    assert_contains(test.calls().at(2), first_id);
}

void end_account_goes_on_after_one_that_cannot_be_ended(void** state) {
    auto& test = harness(state);
    test.serve({replies_more({in_reply(remote_session(first_id)), in_reply(remote_session(second_id)),
                              in_reply(remote_session(third_id))}),
                fails("org.pamsolo.Sessions.CannotEnd", R"({"reason":"pid 4711 does not die"})"),
                fails("org.pamsolo.Sessions.NoSuchSession", R"({"id":"x"})"), replies(ended(third_id))});
    const auto outcome = test.soloctl({"end", "--account", "alice"});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out.c_str(), "Ended 0190a1b2-0000-7000-8000-000000000003 of alice (sshd).\n");
    assert_string_equal(outcome.err.c_str(),
                        "soloctl: 0190a1b2-0000-7000-8000-000000000001: the session cannot "
                        "be ended: pid 4711 does not die\n");
}

void end_account_of_nobody_has_nothing_to_do(void** state) {
    auto& test = harness(state);
    test.serve({replies("{}"), replies("{}")});
    const auto text = test.soloctl({"end", "--account", "ali\x1b"});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), ::geteuid() == 0
                                              ? "ali\\x1b has no session to end.\n"
                                              : "There is no session of ali\\x1b that you may end.\n");
    const auto json = test.soloctl({"end", "--account", "alice", "--json"});
    assert_int_equal(json.status, 0);
    assert_string_equal(json.out.c_str(), "[]\n");
}

void end_account_claims_nothing_of_sessions_that_the_caller_may_not_see(void** state) {
    auto& test = harness(state);
    test.serve({replies("{}")});
    const auto outcome = run_as_nobody({"--socket", test.socket(), "end", "--account", "bob"});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out.c_str(), "There is no session of bob that you may end.\n");
}

/// What solod tells a watcher before it goes: a login, and another one that is refused.
const std::vector<std::string> watched_events{
    R"({"kind":"opened","time":1700000000000000,"session":)" + remote_session() + "}",
    R"({"kind":"refused","time":1700000001000000,"message":"bob from \u001b[2J: already logged in"})"};

Answer tells_a_watcher() {
    std::string bytes;
    for (const auto& event : watched_events)
        bytes += R"({"continues":true,"parameters":{"event":)" + event + "}}" + '\0';
    return sends_and_closes(bytes);
}

void watch_prints_each_event_as_it_comes_until_solod_goes(void** state) {
    auto& test = harness(state);
    test.serve({tells_a_watcher()});
    const auto outcome = test.soloctl({"watch"});
    assert_int_equal(outcome.status, 3);
    assert_string_equal(outcome.out.c_str(),
                        "2023-11-14 22:13:20 opened       0190a1b2-0000-7000-8000-000000000001 alice from "
                        "10.0.0.5 (sshd) since 2023-11-14 22:13:20\n"
                        "2023-11-14 22:13:21 refused      bob from \\x1b[2J: already logged in\n");
    assert_contains(outcome.err, "no answer from solod");
    assert_string_equal(test.calls().at(0).c_str(),
                        R"({"method":"org.pamsolo.Sessions.Watch","parameters":{},"more":true})");
}

void watch_in_json_is_an_event_a_line(void** state) {
    auto& test = harness(state);
    test.serve({tells_a_watcher()});
    const auto outcome = test.soloctl({"watch", "--json"});
    assert_int_equal(outcome.status, 3);
    const auto end = outcome.out.find('\n');
    assert_true(json_of(outcome.out.substr(0, end)) == json_of(watched_events[0]));
    assert_true(json_of(outcome.out.substr(end)) == json_of(watched_events[1]));
    assert_false(contains(outcome.out, "\x1b"));
}

void watch_ends_with_its_reader(void** state) {
    auto& test = harness(state);
    test.serve({tells_a_watcher()});
    Invocation invocation;
    invocation.arguments = {"watch"};
    invocation.sink = Sink::closed_pipe;
    const auto outcome = test.soloctl(invocation);
    assert_int_equal(outcome.status, 128 + SIGPIPE);
    assert_string_equal(outcome.err.c_str(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        WITH_HARNESS(show_prints_every_field_that_is_known),
        WITH_HARNESS(show_in_json_is_the_session),
        WITH_HARNESS(show_escapes_hostile_strings),
        WITH_HARNESS(an_id_in_capitals_is_the_same_id),
        WITH_HARNESS(validate_says_yes_to_an_active_session),
        WITH_HARNESS(validate_says_no_and_why),
        WITH_HARNESS(end_ends_one_session_with_a_message),
        WITH_HARNESS(end_of_a_session_that_was_over_says_so),
        WITH_HARNESS(end_in_json_is_an_array_of_what_was_ended),
        WITH_HARNESS(end_account_ends_every_session_of_the_account),
        WITH_HARNESS(end_account_ends_the_own_session_last),
        WITH_HARNESS(end_account_goes_on_after_one_that_cannot_be_ended),
        WITH_HARNESS(end_account_of_nobody_has_nothing_to_do),
        WITH_HARNESS(end_account_claims_nothing_of_sessions_that_the_caller_may_not_see),
        WITH_HARNESS(watch_prints_each_event_as_it_comes_until_solod_goes),
        WITH_HARNESS(watch_in_json_is_an_event_a_line),
        WITH_HARNESS(watch_ends_with_its_reader),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
