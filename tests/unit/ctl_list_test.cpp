// SPDX-License-Identifier: MIT
#include "tests/unit/ctl_examples.hpp"
#include "tests/unit/ctl_harness.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <sstream>

#include <fmt/format.h>

using namespace solo::testing;
using solo::protocol::Json;

namespace {

const Answer two_sessions = replies_more({in_reply(remote_session()), in_reply(local_session())});

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
        out.push_back(line);
    return out;
}

/// How many characters, all of one place: bytes that do not continue one.
std::size_t places(const std::string& line) {
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void list_shows_a_table(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    const auto outcome = test.soloctl({"list"});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err.c_str(), "");
    assert_string_equal(
        outcome.out.c_str(),
        "ID                                    ACCOUNT  STATE   SERVICE  FROM      SINCE                "
        "LEADER\n"
        "0190a1b2-0000-7000-8000-000000000001  alice    active  sshd     10.0.0.5  2023-11-14 22:13:20  "
        "4711\n"
        "0190a1b2-0000-7000-8000-000000000002  bob      ended   login    tty1      2023-11-14 22:13:21  -\n");
    assert_string_equal(test.calls().at(0).c_str(),
                        R"({"method":"org.pamsolo.Sessions.List","parameters":{"ended":false},"more":true})");
}

void list_marks_the_session_that_it_runs_in(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions, two_sessions});
    const auto list_in = [&](const std::string& session) {
        return lines(test.soloctl({.arguments = {"list"},
                                   .environment = {"TZ=UTC", "COLUMNS=80", "SOLO_SESSION_ID=" + session},
                                   .program = {}})
                         .out);
    };
    const auto marked = list_in(first_id);
    assert_contains(marked.at(0), "ID                                       ACCOUNT");
    assert_contains(marked.at(1), std::string{first_id} + "  *  alice  ");
    assert_contains(marked.at(2), std::string{second_id} + "     bob  ");
    for (const auto& line : marked)
        assert_true(places(line) <= 80);
    assert_contains(list_in("0190a1b2-0000-7000-8000-00000000000f").at(1),
                    std::string{first_id} + "  alice  ");
}

void list_in_json_is_one_array_of_sessions(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    const auto outcome = test.soloctl({"--json", "list"});
    assert_int_equal(outcome.status, 0);
    auto second = json_of(local_session());
    second.erase("rhost"); // null and absent are the same
    const Json expected = Json::array({json_of(remote_session()), second});
    assert_true(json_of(outcome.out) == expected);
}

void options_may_stand_after_the_command(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    const auto outcome = test.soloctl({"list", "--json"});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_of(outcome.out).size(), 2);
}

void what_is_asked_for_reaches_the_daemon(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    assert_int_equal(test.soloctl({"list", "--all", "--account", "alice", "-n", "5"}).status, 0);
    assert_true(json_of(test.calls().at(0)) == json_of(R"({"method":"org.pamsolo.Sessions.List",
        "more":true,"parameters":{"account":"alice","ended":true,"limit":5}})"));
}

void an_empty_list_says_so_and_is_an_empty_array(void** state) {
    auto& test = harness(state);
    const auto none = replies("{}");
    const auto no_such = fails("org.pamsolo.Sessions.NoSuchSession", R"({"id":""})");
    test.serve({none, none, no_such, no_such});
    for (int i = 0; i < 2; ++i) {
        const auto text = test.soloctl({"list"});
        assert_int_equal(text.status, 0);
        assert_string_equal(text.out.c_str(), "No sessions.\n");
        const auto json = test.soloctl({"list", "--json"});
        assert_int_equal(json.status, 0);
        assert_string_equal(json.out.c_str(), "[]\n");
    }
}

void a_list_that_ends_with_an_empty_reply_is_whole(void** state) {
    auto& test = harness(state);
    test.serve({replies_more({in_reply(remote_session()), "{}"})});
    const auto outcome = test.soloctl({"list", "--json"});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_of(outcome.out).size(), 1);
}

void a_list_that_breaks_off_is_not_shown(void** state) {
    auto& test = harness(state);
    auto broken = replies_more({in_reply(remote_session()), in_reply(local_session())});
    broken.bytes.resize(broken.bytes.size() - 20);
    broken.closes = true;
    test.serve({broken});
    const auto outcome = test.soloctl({"list"});
    assert_int_equal(outcome.status, 3);
    assert_string_equal(outcome.out.c_str(), "");
    assert_contains(outcome.err, "soloctl: no answer from solod at " + test.socket());
}

void hostile_strings_are_escaped(void** state) {
    auto& test = harness(state);
    const auto hostile = in_reply(remote_session(first_id, R"(al\u001b[2Jice)", R"(a\nb\u009b31m\u202e)"));
    test.serve({replies(hostile), replies(hostile)});
    const auto text = test.soloctl({"list"});
    assert_int_equal(text.status, 0);
    assert_int_equal(lines(text.out).size(), 2);
    assert_contains(text.out, R"(al\x1b[2Jice)");
    assert_contains(text.out, R"(a\x0ab\xc2\x9b31m\xe2\x80\xae)");
    const auto json = test.soloctl({"list", "--json"});
    assert_true(std::ranges::all_of(json.out, [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); }));
    assert_true(json_of(json.out)[0]["account"] == "al\x1b[2Jice");
}

void a_session_without_an_origin_has_a_dash(void** state) {
    auto& test = harness(state);
    test.serve({replies(in_reply(R"({"id":"i","account":"a","state":"active","service":"vpn","host":"h",)"
                                 R"("rhost":"","tty":null,"opened":1700000000000000})"))});
    assert_contains(test.soloctl({"list"}).out, "vpn      -     2023-11-14 22:13:20  -\n");
}

void times_are_local_and_short_today(void** state) {
    auto& test = harness(state);
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    auto today = json_of(remote_session());
    today["opened"] = now;
    auto huge = today;
    huge["opened"] = std::numeric_limits<std::int64_t>::max();
    auto tiny = today;
    tiny["opened"] = std::numeric_limits<std::int64_t>::min();
    test.serve({replies(in_reply(remote_session())), replies(in_reply(today.dump())),
                replies_more({in_reply(huge.dump()), in_reply(tiny.dump())})});
    const auto abroad = test.soloctl(
        {.arguments = {"list"}, .environment = {"TZ=UTC-5:30", "LC_ALL=C.UTF-8"}, .program = {}});
    assert_contains(abroad.out, "2023-11-15 03:43:20");
    const auto short_line = lines(test.soloctl({"list"}).out).at(1);
    assert_int_equal(short_line.find("10.0.0.5  "), 64);
    assert_int_equal(short_line.rfind("  4711"), 64 + 10 + 8);
    assert_int_equal(test.soloctl({"list"}).status, 0);
}

void a_table_fits_the_columns_it_is_given(void** state) {
    auto& test = harness(state);
    const Answer wide = replies_more({in_reply(remote_session(first_id, "a-rather-long-account-name",
                                                              "2001:0db8:85a3:0000:0000:8a2e:0370:7334")),
                                      in_reply(remote_session(second_id, "ünïcödé-üser-ünïcödé", "host"))});
    test.serve(std::vector<Answer>(8, wide));
    for (const unsigned short width : {40, 60, 80, 100, 120}) {
        const auto outcome =
            test.soloctl({.arguments = {"list"},
                          .environment = {"LC_ALL=C.UTF-8", "TZ=UTC", "COLUMNS=" + std::to_string(width)},
                          .program = {}});
        assert_int_equal(outcome.status, 0);
        for (const auto& line : lines(outcome.out))
            assert_true(places(line) <= width);
        assert_contains(outcome.out, first_id);
        assert_contains(outcome.out, second_id);
    }
    const auto full = test.soloctl({"list"});
    assert_contains(full.out, "2001:0db8:85a3:0000:0000:8a2e:0370:7334");
}

void a_table_fits_the_terminal(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions, two_sessions});
    const auto outcome =
        test.soloctl({.arguments = {"list"}, .sink = Sink::terminal, .terminal_width = 60, .program = {}});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(lines(outcome.out).size(), 3);
    for (const auto& line : lines(outcome.out))
        assert_true(places(line) <= 60);
    const auto wide =
        test.soloctl({.arguments = {"list"}, .sink = Sink::terminal, .terminal_width = 200, .program = {}});
    assert_contains(wide.out, "LEADER");
}

void colours_are_for_terminals_without_no_color(void** state) {
    auto& test = harness(state);
    test.serve(std::vector<Answer>(4, two_sessions));
    const auto escapes = [&](Sink sink, std::vector<std::string> environment) {
        return contains(test.soloctl({.arguments = {"list"},
                                      .environment = std::move(environment),
                                      .sink = sink,
                                      .program = {}})
                            .out,
                        "\x1b");
    };
    assert_true(escapes(Sink::terminal, {"TERM=xterm"}));
    assert_false(escapes(Sink::terminal, {"TERM=xterm", "NO_COLOR=1"}));
    assert_false(escapes(Sink::terminal, {"TERM=dumb"}));
    assert_false(escapes(Sink::pipe, {"TERM=xterm"}));
}

void a_reader_that_goes_away_is_no_failure(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    const auto outcome = test.soloctl({.arguments = {"list"}, .sink = Sink::closed_pipe, .program = {}});
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err.c_str(), "");
}

void output_that_cannot_be_written_is_a_failure(void** state) {
    auto& test = harness(state);
    test.serve({two_sessions});
    const auto outcome = test.soloctl({.arguments = {"list"}, .sink = Sink::full_disk, .program = {}});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.err.c_str(),
                        "soloctl: cannot write to standard output: No space left on device\n");
}

/// Ids that differ in their last digits.
std::string numbered_id(int number) {
    return fmt::format("0190a1b2-0000-7000-8000-{:012}", number);
}

/// More than anybody wants to look at.
constexpr int very_many = 60'000;

Answer very_many_sessions() {
    std::vector<std::string> sessions;
    for (int number = 0; number < very_many; ++number)
        sessions.push_back(in_reply(remote_session(numbered_id(number))));
    return replies_more(sessions);
}

/// Runs soloctl with no more than 12 MB of memory, of which it takes 2 at its start.
Outcome soloctl_in_little_memory(const Harness& test, const std::vector<std::string>& arguments) {
    Invocation invocation{.arguments = {"--data=12582912", SOLOCTL, "--socket", test.socket()},
                          .program = "/usr/bin/prlimit"};
    invocation.arguments.insert(invocation.arguments.end(), arguments.begin(), arguments.end());
    return run(invocation);
}

void a_very_long_list_takes_little_memory(void** state) {
    if (SOLO_SANITIZED) // AddressSanitizer takes all that there is
        skip();
    auto& test = harness(state);
    test.serve({very_many_sessions(), very_many_sessions(), very_many_sessions()});
    for (const char* const command : {"list", "history"}) {
        const auto outcome = soloctl_in_little_memory(test, {command});
        assert_string_equal(outcome.err.c_str(), "");
        assert_int_equal(outcome.status, 0);
        const auto shown = lines(outcome.out);
        assert_int_equal(shown.size(), very_many + 1);
        for (int number = 0; number < very_many; ++number)
            assert_true(shown.at(static_cast<std::size_t>(number) + 1)
                            .starts_with(numbered_id(number) + "  alice  "));
    }
    const auto outcome = soloctl_in_little_memory(test, {"--json", "list"});
    assert_string_equal(outcome.err.c_str(), "");
    assert_int_equal(outcome.status, 0);
    const Json sessions = json_of(outcome.out);
    assert_int_equal(sessions.size(), very_many);
    assert_true(outcome.out == sessions.dump(2) + '\n');
}

void a_very_long_list_that_cannot_be_kept_is_a_failure(void** state) {
    auto& test = harness(state);
    test.serve({very_many_sessions()});
    const auto outcome =
        test.soloctl({.arguments = {"list"}, .environment = {"TMPDIR=/proc/1"}, .program = {}});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out.c_str(), "");
    assert_contains(outcome.err, "cannot keep a long list in /proc/1: ");
}

void history_names_a_successor_that_follows_soon(void** state) {
    auto& test = harness(state);
    const auto superseded_by = [](int number) {
        auto session = json_of(local_session(numbered_id(0)));
        session["reason"] = "superseded";
        session["superseded_by"] = numbered_id(number);
        return session.dump();
    };
    const auto history_of = [&](int successor) {
        std::vector<std::string> sessions{in_reply(superseded_by(successor))};
        for (int number = 1; number <= 1001; ++number)
            sessions.push_back(in_reply(remote_session(numbered_id(number))));
        return replies_more(sessions);
    };
    test.serve({history_of(1000), history_of(1001)});
    assert_contains(lines(test.soloctl({"history"}).out).at(1), "  superseded by 10.0.0.5 (sshd)");
    assert_true(lines(test.soloctl({"history"}).out).at(1).ends_with("  superseded"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        WITH_HARNESS(list_shows_a_table),
        WITH_HARNESS(list_marks_the_session_that_it_runs_in),
        WITH_HARNESS(list_in_json_is_one_array_of_sessions),
        WITH_HARNESS(options_may_stand_after_the_command),
        WITH_HARNESS(what_is_asked_for_reaches_the_daemon),
        WITH_HARNESS(an_empty_list_says_so_and_is_an_empty_array),
        WITH_HARNESS(a_list_that_ends_with_an_empty_reply_is_whole),
        WITH_HARNESS(a_list_that_breaks_off_is_not_shown),
        WITH_HARNESS(hostile_strings_are_escaped),
        WITH_HARNESS(a_session_without_an_origin_has_a_dash),
        WITH_HARNESS(times_are_local_and_short_today),
        WITH_HARNESS(a_table_fits_the_columns_it_is_given),
        WITH_HARNESS(a_table_fits_the_terminal),
        WITH_HARNESS(colours_are_for_terminals_without_no_color),
        WITH_HARNESS(a_reader_that_goes_away_is_no_failure),
        WITH_HARNESS(output_that_cannot_be_written_is_a_failure),
        WITH_HARNESS(a_very_long_list_takes_little_memory),
        WITH_HARNESS(a_very_long_list_that_cannot_be_kept_is_a_failure),
        WITH_HARNESS(history_names_a_successor_that_follows_soon),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
