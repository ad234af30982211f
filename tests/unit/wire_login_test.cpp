// SPDX-License-Identifier: MIT
// The life of a login as its login program sees it.
#include "tests/unit/wire_scene.hpp"

#include <csignal>
#include <memory>
#include <string>

#include <fmt/format.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

void a_session_opens_is_confirmed_and_closes(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const Json opened = program.call(login + "Open", login_of("alice", alice)).at("parameters");
    expect_equal(opened.at("decision").get<std::string>(), "grant");
    const std::string id = opened.at("id");
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "opening");
    program.call(login + "Confirm", {{"id", id}});
    const Json session = session_of(solod, id);
    expect_equal(session.at("state").get<std::string>(), "active");
    expect_equal(session.at("account").get<std::string>(), "alice");
    expect_equal(session.at("uid").get<int>(), alice);
    expect_equal(session.at("service").get<std::string>(), "sshd");
    expect_equal(session.at("rhost").get<std::string>(), "10.0.0.5");
    expect_equal(session.at("leader").get<int>(), program.pid());
    expect_equal(session.at("slot").get<int>(), 0);
    expect_equal(error_of(program.call(login + "Close", {{"id", id}})), "");
    await_ended(solod, id, "logout");
    expect_equal(error_of(program.call(login + "Close", {{"id", id}})), "");
}

void a_second_login_is_refused_with_the_reason(void** /*state*/) {
    Solod solod{"[Policy]\nMessage=Call 112.\n"};
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    const std::string id = log_in(first, "alice", alice);
    const Json checked = second.call(login + "Check", login_of("alice", alice)).at("parameters");
    const Json refused = second.call(login + "Open", login_of("alice", alice));
    expect_equal(refused.at("error").get<std::string>(), login + "Refused");
    for (const Json& reply : {checked, refused.at("parameters")}) {
        expect_within(reply.at("message").get<std::string>(),
                      "This account is already logged in from 10.0.0.5 (sshd) since ");
        expect_within(reply.at("message").get<std::string>(), ". Call 112.");
        expect_equal(reply.at("holder").at("id").get<std::string>(), id);
        expect_equal(reply.at("holder").at("rhost").get<std::string>(), "10.0.0.5");
        expect_equal(reply.at("rule").get<std::string>(), "[Policy] OnConflict (built-in)");
    }
    expect_equal(checked.at("decision").get<std::string>(), "refuse");
    log_in(second, "bob", bob); // the connection is as good as before
}

void a_hidden_holder_is_not_in_the_refusal(void** /*state*/) {
    Solod solod{"[Policy]\nRevealHolder=no\n"};
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    log_in(first, "alice", alice);
    for (const char* const method : {"Check", "Open"})
        expect(second.call(login + method, login_of("alice", alice)).dump().find("10.0.0.5") ==
                   std::string::npos,
               method);
}

void hostile_names_are_escaped_in_the_refusal(void** /*state*/) {
    Solod solod;
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    Json hostile = login_of("evil\x1b[2J\n" + std::string(1, '\0') + std::string(4096, 'x'), alice);
    hostile.at("origin").at("rhost") = "\x1b]0;pwned\x07\r\n\u202e";
    const Json opened = first.call(login + "Open", hostile).at("parameters");
    first.call(login + "Confirm", {{"id", opened.at("id")}});
    hostile.at("nonce") = std::string(32, 'f');
    const std::string message = second.call(login + "Open", hostile).at("parameters").at("message");
    expect_within(message, "from \\x1b]0;pwned\\x07\\x0d\\x0a\\xe2\\x80\\xae (sshd) since");
    expect(solod.log().find('\x1b') == std::string::npos, "the log is clean");
    expect_equal(session_of(solod, opened.at("id")).at("account").get<std::string>(),
                 hostile.at("account").at("name").get<std::string>());
}

void what_is_not_a_login_is_ignored_and_root_is_exempt(void** /*state*/) {
    Solod solod;
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    Json cron = login_of("alice", alice);
    cron.at("origin").at("service") = "cron";
    const Json ignored = first.call(login + "Open", cron).at("parameters");
    expect_equal(ignored.at("decision").get<std::string>(), "ignore");
    expect(!ignored.contains("id"), "nothing is tracked");
    const std::string one = log_in(first, "root", 0);
    const std::string other = log_in(second, "root", 0);
    expect(one != other, "two sessions of root");
    expect(!session_of(solod, one).contains("slot"), "they need no slot");
}

void groups_are_asked_for_where_a_rule_is_about_them(void** /*state*/) {
    Solod solod;
    Client client{solod.login()};
    Json unsaid = login_of("alice", alice);
    unsaid["account"].erase("gids");
    const auto asked_for = [&](const Json& parameters) {
        const Json reply = client.call(login + "Check", parameters);
        const Json opened = client.call(login + "Open", parameters);
        expect_equal(error_of(opened), error_of(reply));
        return opened.at("parameters").value("parameter", "nothing");
    };
    solod.reload(fmt::format("[Policy]\nExemptGroups={}\n", operators));
    expect_equal(asked_for(unsaid), "account.gids");
    solod.reload(fmt::format("[Group {}]\nMaxSessions=2\n", operators));
    expect_equal(asked_for(unsaid), "account.gids");
    Json of_cron = unsaid;
    of_cron["origin"]["service"] = "cron";
    expect_equal(asked_for(of_cron), "nothing");
    Json said = unsaid;
    said["account"]["gids"] = Json::array({alice, operators});
    expect_equal(asked_for(said), "nothing");
    solod.reload(fmt::format("[Policy]\nAdminGroup={}\n", operators));
    expect_equal(asked_for(unsaid), "nothing"); // a retry, of the login that was granted
    Client watcher{solod.sessions()};
    expect_equal(listed(watcher), "alice");
}

void a_retry_on_another_connection_gets_the_same_session(void** /*state*/) {
    Solod solod;
    auto first = std::make_unique<Client>(solod.login());
    Client second{solod.login()};
    const Json parameters = login_of("alice", alice);
    const std::string id = first->call(login + "Open", parameters).at("parameters").at("id");
    const Json retried = second.call(login + "Open", parameters).at("parameters");
    expect_equal(retried.at("decision").get<std::string>(), "grant");
    expect_equal(retried.at("id").get<std::string>(), id);
    first.reset(); // the lost one: it is no longer the line
    expect_equal(error_of(second.call(login + "Confirm", {{"id", id}})), "");
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    Client stranger{solod.login()};
    expect_equal(error_of(stranger.call(login + "Confirm", {{"id", id}})), "InvalidParameter");
    second.call(login + "Close", {{"id", id}});
    await_ended(solod, id, "logout");
}

void a_nonce_is_worth_nothing_to_another_process(void** /*state*/) {
    Solod solod;
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    const Json parameters = login_of("alice", alice);
    const std::string id = first.call(login + "Open", parameters).at("parameters").at("id");
    first.call(login + "Confirm", {{"id", id}});
    expect_equal(error_of(second.call(login + "Open", parameters)), "Refused");
}

void what_was_not_confirmed_is_rolled_back(void** /*state*/) {
    Solod solod;
    LoginProgram lives_on{solod.login()};
    const std::string id = lives_on.call(login + "Open", login_of("alice", alice)).at("parameters").at("id");
    lives_on.close_line();
    await_ended(solod, id, "unconfirmed");
    LoginProgram killed{solod.login()};
    const std::string other = killed.call(login + "Open", login_of("alice", alice)).at("parameters").at("id");
    killed.kill();
    await_ended(solod, other, "unconfirmed");
    LoginProgram next{solod.login()};
    log_in(next, "alice", alice);
}

void a_confirmed_session_outlives_its_line(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    Client witness{solod.sessions()};
    const auto lines = [&] {
        return witness.call(sessions + "Metrics").at("parameters").at("login_connections").get<int>();
    };
    expect_equal(lines(), 1);
    program.close_line();
    await([&] { return lines() == 0; }, "solod knows that the line is closed");
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    program.kill();
    await_ended(solod, id, "leader-exited");
}

void a_slot_is_free_when_the_leader_was_killed(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    program.kill();
    await_ended(solod, id, "leader-exited");
    LoginProgram next{solod.login()};
    log_in(next, "alice", alice);
}

void only_the_login_programs_relatives_close_a_session(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    LoginProgram stranger{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    const Json denied = stranger.call(login + "Close", {{"id", id}});
    expect_equal(denied.at("error").get<std::string>(), login + "PermissionDenied");
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    Client parent{solod.login()}; // this process began the login program
    expect_equal(error_of(parent.call(login + "Close", {{"id", id}})), "");
    await_ended(solod, id, "logout");
}

void closing_what_nobody_knows_succeeds(void** /*state*/) {
    Solod solod;
    Client client{solod.login()};
    for (const char* const id : {"01234567-89ab-7def-8123-456789abcdef", "nonsense", ""}) {
        const Json reply = client.call(login + "Close", {{"id", id}});
        expect(!reply.contains("error") && reply.at("parameters") == Json::object(), reply.dump());
    }
}

void one_connection_may_carry_two_sessions(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string of_alice = log_in(program, "alice", alice);
    const std::string of_bob = log_in(program, "bob", bob);
    expect_equal(session_of(solod, of_alice).at("leader").get<int>(), program.pid());
    expect_equal(session_of(solod, of_bob).at("leader").get<int>(), program.pid());
    const Json shared = Client{solod.sessions()}.call(sessions + "End", {{"id", of_bob}});
    expect_equal(error_of(shared), "CannotEnd");
    program.call(login + "Close", {{"id", of_alice}});
    await_ended(solod, of_alice, "logout");
    expect_equal(session_of(solod, of_bob).at("state").get<std::string>(), "active");
    program.kill();
    await_ended(solod, of_bob, "leader-exited");
}

void a_superseding_login_is_answered_when_the_holder_is_gone(void** /*state*/) {
    Solod solod{"[Policy]\nOnConflict=supersede\n"};
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    const std::string old = log_in(first, "alice", alice);
    const Json checked = second.call(login + "Check", login_of("alice", alice)).at("parameters");
    expect_equal(checked.at("decision").get<std::string>(), "supersede");
    expect_equal(session_of(solod, old).at("state").get<std::string>(), "active");
    const std::string id = log_in(second, "alice", alice);
    expect_equal(first.await_end(), SIGTERM);
    const Json session = session_of(solod, old);
    expect_equal(session.at("state").get<std::string>(), "ended");
    expect_equal(session.at("reason").get<std::string>(), "superseded");
    expect_equal(session.at("superseded_by").get<std::string>(), id);
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
}

/// A login program that gives up while it waits leaves the holder ended and the slot free.
void a_waiting_login_may_hang_up(void** /*state*/) {
    Solod solod{"[Policy]\nOnConflict=supersede\nGraceTime=500ms\n"};
    LoginProgram first{solod.login(), LoginProgram::OnSigterm::ignore};
    log_in(first, "alice", alice);
    Client watcher{solod.sessions(), user(alice)};
    watcher.send(sessions + "Watch", Json::object(), "more");
    expect_alive(solod);
    LoginProgram second{solod.login()};
    second.send(login + "Open", login_of("alice", alice));
    expect_equal(next_event(watcher), "superseding alice");
    second.kill();
    expect_equal(first.await_end(), SIGKILL);
    expect_equal(next_event(watcher), "ended alice");
    LoginProgram third{solod.login()};
    log_in(third, "alice", alice);
    expect_equal(next_event(watcher), "opened alice");
    Client client{solod.sessions()};
    expect_equal(listed(client), "alice");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_session_opens_is_confirmed_and_closes),
        SOLO_TEST(a_second_login_is_refused_with_the_reason),
        SOLO_TEST(a_hidden_holder_is_not_in_the_refusal),
        SOLO_TEST(hostile_names_are_escaped_in_the_refusal),
        SOLO_TEST(what_is_not_a_login_is_ignored_and_root_is_exempt),
        SOLO_TEST(groups_are_asked_for_where_a_rule_is_about_them),
        SOLO_TEST(a_retry_on_another_connection_gets_the_same_session),
        SOLO_TEST(a_nonce_is_worth_nothing_to_another_process),
        SOLO_TEST(what_was_not_confirmed_is_rolled_back),
        SOLO_TEST(a_confirmed_session_outlives_its_line),
        SOLO_TEST(a_slot_is_free_when_the_leader_was_killed),
        SOLO_TEST(only_the_login_programs_relatives_close_a_session),
        SOLO_TEST(closing_what_nobody_knows_succeeds),
        SOLO_TEST(one_connection_may_carry_two_sessions),
        SOLO_TEST(a_superseding_login_is_answered_when_the_holder_is_gone),
        SOLO_TEST(a_waiting_login_may_hang_up),
    };
    return run_as_root(tests);
}
