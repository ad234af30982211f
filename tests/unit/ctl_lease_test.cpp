// SPDX-License-Identifier: MIT
// The commands about leased sessions: open, renew, close; and those about what is decided: explain, unlock,
// history.
#include "tests/unit/ctl_examples.hpp"
#include "tests/unit/ctl_harness.hpp"

using namespace solo::testing;

namespace {

const std::string interface = "org.pamsolo.Sessions.";

/// A lease of alice, opened 2023-11-14 22:13:20 UTC for a minute.
const std::string lease = R"({"id":")" + first_id +
                          R"(","account":"alice","uid":1000,"state":"active","service":"web",)"
                          R"("rhost":"10.0.0.5","host":"box","slot":0,"opened":1700000000000000,)"
                          R"("expires":1700000060000000})";

/// What `soloctl explain` says where solod answers so.
Outcome explained(void** state, const std::string& reply) {
    auto& test = harness(state);
    test.serve({replies(reply)});
    return test.soloctl({"explain", "--account", "alice", "--service", "sshd", "--rhost", "10.0.0.7"});
}

void open_says_the_id_and_until_when(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(lease)), replies(in_reply(lease))});
    const auto text = test.soloctl(
        {"open", "--account", "alice", "--service", "web", "--rhost", "10.0.0.5", "--ttl", "60"});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), "Opened 0190a1b2-0000-7000-8000-000000000001 of alice (web), which "
                                          "lapses at 2023-11-14 22:14:20.\n");
    const auto json = test.soloctl(
        {"--json", "open", "--account", "alice", "--service", "web", "--ttl", "60", "--takeover"});
    assert_int_equal(json.status, 0);
    assert_true(json_of(json.out) == json_of(lease));
    assert_true(json_of(test.calls().at(0)) ==
                json_of(R"({"method":"org.pamsolo.Sessions.OpenLease","parameters":{
                    "account":"alice","service":"web","rhost":"10.0.0.5","ttl":60}})"));
    assert_true(json_of(test.calls().at(1))["parameters"] ==
                json_of(R"({"account":"alice","service":"web","ttl":60,"takeover":true})"));
}

void open_that_is_refused_says_why(void** state) {
    auto& test = harness(state);
    test.serve(
        {fails(interface + "Refused", R"({"message":"This account is already logged in\u001b[2J.",)"
                                      R"json("rule":"[Policy] OnConflict (/etc/solo/solo.conf:7)"})json")});
    const auto outcome = test.soloctl({"open", "--account", "alice", "--service", "web", "--ttl", "60"});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out.c_str(), "");
    assert_string_equal(outcome.err.c_str(), "soloctl: refused: This account is already logged in\\x1b[2J. "
                                             "([Policy] OnConflict (/etc/solo/solo.conf:7))\n");
}

void open_wants_all_that_a_lease_needs(void** state) {
    auto& test = harness(state);
    test.serve({});
    const std::vector<std::vector<std::string>> wrong{
        {"open"},
        {"open", "--account", "alice", "--service", "web"},
        {"open", "--account", "alice", "--ttl", "60"},
        {"open", "--service", "web", "--ttl", "60"},
        {"open", "--account", "", "--service", "web", "--ttl", "60"},
        {"open", "--account", "alice", "--service", "", "--ttl", "60"},
        {"open", "--account", "alice", "--service", "web", "--ttl", "0"},
        {"open", "--account", "alice", "--service", "web", "--ttl", "86401"},
        {"open", "--account", "alice", "--service", "web", "--ttl", "1.5"},
        {"renew"},
        {"renew", "1"},
        {"close"},
        {"unlock"},
        {"unlock", ""},
        {"explain"},
        {"explain", "--account", "alice", "--service", ""},
        {"history", "--limit", "0"}};
    for (const auto& arguments : wrong)
        assert_int_equal(test.soloctl(arguments).status, 2);
    assert_int_equal(test.calls().size(), 0);
}

void renew_says_until_when(void** state) {
    auto& test = harness(state);
    const auto renewed = replies(R"({"expires":1700000120000000})");
    test.serve({renewed, renewed});
    const auto text = test.soloctl({"renew", first_id});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), "Renewed 0190a1b2-0000-7000-8000-000000000001, which now lapses at "
                                          "2023-11-14 22:15:20.\n");
    const auto json = test.soloctl({"renew", first_id, "--json"});
    assert_true(json_of(json.out) == json_of(R"({"expires":1700000120000000})"));
    assert_contains(test.calls().at(0), interface + "Renew");
}

void renew_of_a_session_that_is_over_says_why(void** state) {
    auto& test = harness(state);
    test.serve({fails(interface + "NotActive",
                      R"({"state":"ended","reason":"superseded",)"
                      R"("message":"The session was superseded by a login from 10.0.0.9 (sshd)."})")});
    const auto outcome = test.soloctl({"renew", first_id});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.err.c_str(), "soloctl: the session is not active but ended: The session was "
                                             "superseded by a login from 10.0.0.9 (sshd).\n");
}

void close_closes(void** state) {
    auto& test = harness(state);
    test.serve({replies("{}"), replies("{}"), fails(interface + "NoSuchSession", R"({"id":"x"})")});
    const auto text = test.soloctl({"close", first_id});
    assert_int_equal(text.status, 0);
    assert_string_equal(text.out.c_str(), "Closed 0190a1b2-0000-7000-8000-000000000001.\n");
    const auto json = test.soloctl({"close", first_id, "--json"});
    assert_string_equal(json.out.c_str(), "{}\n");
    assert_int_equal(test.soloctl({"close", first_id}).status, 1);
    assert_contains(test.calls().at(0), interface + "CloseLease");
}

void unlock_says_no_more_than_that_there_is_no_lock(void** state) {
    auto& test = harness(state);
    test.serve({replies("{}"), fails(interface + "PermissionDenied")});
    const auto outcome = test.soloctl({"unlock", "alice"});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out.c_str(), "alice is not locked (any more).\n");
    const auto denied = test.soloctl({"unlock", "alice"});
    assert_int_equal(denied.status, 1);
    assert_contains(denied.err, "permission denied");
    assert_contains(test.calls().at(0), R"("account":"alice")");
}

void explain_is_a_sentence_that_names_the_rule(void** state) {
    const auto outcome = explained(
        state, R"json({"decision":"refuse","rule":"[Group staff] OnConflict (/etc/solo/solo.conf:7)",)json"
               R"("holder":)" +
                   lease + "}");
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out.c_str(),
                        "A login of alice through sshd from 10.0.0.7 would be refused.\n"
                        "[Group staff] OnConflict (/etc/solo/solo.conf:7) says so.\n"
                        "alice is logged in from 10.0.0.5 (web) since 2023-11-14 22:13:20: "
                        "0190a1b2-0000-7000-8000-000000000001\n");
    assert_true(json_of(harness(state).calls().at(0)) ==
                json_of(R"({"method":"org.pamsolo.Sessions.Explain","parameters":{
                    "account":"alice","service":"sshd","rhost":"10.0.0.7"}})"));
}

void explain_knows_every_decision(void** state) {
    auto& test = harness(state);
    const std::vector<std::pair<std::string, std::string>> sentences{
        {"ignore", "would be let in without being counted: it is no login."},
        {"grant", "would be let in."},
        {"refuse", "would be refused."},
        {"supersede", "would be let in as soon as a session of the account is ended for it."},
        {"ask", "would be let in if the person agrees to end a session of the account for it."},
        {"would-refuse", "would be let in, in this trial run (Enforce=no); else it would be refused."},
        {"would-supersede", "would be let in, in this trial run (Enforce=no); else a session of the account "
                            "would be ended for it."},
        {"would-ask", "would be let in, in this trial run (Enforce=no); else the person would be asked "
                      "whether to end a session of the account for it."},
        {"dance\x1b", "would get the answer \"dance\\x1b\"."}};
    std::vector<Answer> answers;
    for (const auto& [decision, sentence] : sentences)
        answers.push_back(replies(solo::protocol::to_text({{"decision", decision}, {"rule", "R"}})));
    test.serve(answers);
    for (const auto& [decision, sentence] : sentences) {
        const auto outcome = test.soloctl({"explain", "--account", "alice"});
        assert_string_equal(outcome.out.c_str(), ("A login of alice " + sentence + "\nR say" +
                                                  (decision.starts_with("would") ? "" : "s") + " so.\n")
                                                     .c_str());
        assert_int_equal(outcome.status, decision == "refuse" ? 1 : 0);
    }
}

void explain_says_that_an_account_is_locked_or_held_and_the_way_out(void** state) {
    auto& test = harness(state);
    const auto answer = [](const char* decision, const char* rule) {
        return replies(solo::protocol::to_text({{"decision", decision}, {"rule", rule}}));
    };
    const std::string locked = "alice is locked because its logins kept ending each other. An administrator "
                               "can unlock it: soloctl unlock alice\n";
    test.serve(
        {answer("refuse", "[Policy] ContestAction (/etc/solo/solo.conf:4)"),
         answer("would-refuse", "[Policy] Enforce (built-in) and [User alice] ContestAction (built-in)"),
         answer("refuse", "[Policy] ContestHold (built-in)"),
         answer("refuse", "[User ContestAction] OnConflict (/etc/solo/solo.conf:4)")});
    const auto explained_now = [&] { return test.soloctl({"explain", "--account", "alice"}).out; };
    assert_string_equal(explained_now().c_str(),
                        ("A login of alice would be refused.\n[Policy] ContestAction (/etc/solo/solo.conf:4) "
                         "says so.\n" +
                         locked)
                            .c_str());
    assert_contains(explained_now(), "say so.\n" + locked);
    assert_contains(explained_now(),
                    "The logins of alice kept ending each other, so for a while none can end "
                    "another. An administrator can end that: soloctl unlock alice\n");
    assert_false(contains(explained_now(), "soloctl unlock"));
}

void explain_in_json_is_the_reply(void** state) {
    auto& test = harness(state);
    test.serve({replies(R"({"decision":"grant","rule":"[Policy] MaxSessions"})")});
    const auto outcome = test.soloctl({"explain", "--account", "alice", "--json"});
    assert_int_equal(outcome.status, 0);
    assert_true(json_of(outcome.out) == json_of(R"({"decision":"grant","rule":"[Policy] MaxSessions"})"));
}

void history_says_why_each_session_is_over(void** state) {
    auto& test = harness(state);
    const std::string superseded =
        R"({"id":")" + third_id +
        R"(","account":"alice","state":"ended","reason":"superseded","service":"sshd","rhost":"10.0.0.9",)"
        R"("host":"box","opened":1699999990000000,"ended":1700000000000000,"superseded_by":")" +
        first_id + R"("})";
    test.serve({replies_more({in_reply(superseded), in_reply(remote_session()), in_reply(local_session())})});
    const auto outcome = test.soloctl({"history"});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(
        outcome.out.c_str(),
        "ID                                    ACCOUNT  SERVICE  FROM      OPENED               ENDED"
        "                WHY\n"
        "0190a1b2-0000-7000-8000-000000000003  alice    sshd     10.0.0.9  2023-11-14 22:13:10  2023-11-14 "
        "22:13:20  superseded by 10.0.0.5 (sshd)\n"
        "0190a1b2-0000-7000-8000-000000000001  alice    sshd     10.0.0.5  2023-11-14 22:13:20  -"
        "                    active\n"
        "0190a1b2-0000-7000-8000-000000000002  bob      login    tty1      2023-11-14 22:13:21  2023-11-14 "
        "22:14:21  logout\n");
    assert_true(json_of(test.calls().at(0))["parameters"] == json_of(R"({"ended":true,"limit":100})"));
}

void history_may_be_of_one_account_and_in_json(void** state) {
    auto& test = harness(state);
    test.serve({replies_more({in_reply(remote_session())})});
    const auto outcome = test.soloctl({"history", "--account", "alice", "-n", "5", "--json"});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_of(outcome.out).size(), 1);
    assert_true(json_of(test.calls().at(0))["parameters"] ==
                json_of(R"({"account":"alice","ended":true,"limit":5})"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        WITH_HARNESS(open_says_the_id_and_until_when),
        WITH_HARNESS(open_that_is_refused_says_why),
        WITH_HARNESS(open_wants_all_that_a_lease_needs),
        WITH_HARNESS(renew_says_until_when),
        WITH_HARNESS(renew_of_a_session_that_is_over_says_why),
        WITH_HARNESS(close_closes),
        WITH_HARNESS(unlock_says_no_more_than_that_there_is_no_lock),
        WITH_HARNESS(explain_is_a_sentence_that_names_the_rule),
        WITH_HARNESS(explain_knows_every_decision),
        WITH_HARNESS(explain_says_that_an_account_is_locked_or_held_and_the_way_out),
        WITH_HARNESS(explain_in_json_is_the_reply),
        WITH_HARNESS(history_says_why_each_session_is_over),
        WITH_HARNESS(history_may_be_of_one_account_and_in_json),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
