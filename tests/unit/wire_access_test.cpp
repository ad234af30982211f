// SPDX-License-Identifier: MIT
// Who may see, end and watch which session.
#include "tests/unit/wire_scene.hpp"

#include <csignal>
#include <deque>
#include <string>

#include <sys/stat.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

void the_login_socket_refuses_all_but_root(void** /*state*/) {
    Solod solod;
    struct stat status {};
    ::stat(solod.login().c_str(), &status);
    expect_equal(status.st_mode & 07777U, 0600U);
    expect_equal(status.st_uid, 0U);
    ::stat(solod.sessions().c_str(), &status);
    expect_equal(status.st_mode & 07777U, 0666U);
    try {
        Client{solod.login(), user(bob)};
        expect(false, "the mode keeps others out");
    } catch (const std::system_error& error) {
        expect_equal(error.code().value(), EACCES);
    }
    ::chmod(solod.login().c_str(), 0666); // somebody's mistake
    for (const Identity& identity : {user(bob), Identity{.uid = bob, .gid = 0, .groups = {0}}}) {
        Client client{solod.login(), identity};
        expect_equal(client.reply().at("error").get<std::string>(), login + "PermissionDenied");
        expect(client.is_dropped(), "and no more");
    }
    expect_alive(solod);
}

/// A session of alice, and what each identity is told of it.
struct Access {
    explicit Access(std::string_view config = {}) : solod{config}, program{solod.login()} {
        id = log_in(program, "alice", alice);
    }

    /// "" where it is allowed, else the error.
    std::string get(const Identity& who) { return error(who, "Get"); }
    std::string validate(const Identity& who) { return error(who, "Validate"); }
    std::string end(const Identity& who) { return error(who, "End"); }
    std::string error(const Identity& who, const char* method) const {
        Client client{solod.sessions(), who};
        return error_of(client.call(sessions + method, {{"id", id}}));
    }
    std::string list(const Identity& who, const Json& parameters = Json::object()) const {
        Client client{solod.sessions(), who};
        return listed(client, parameters);
    }

    void expect_all(const Identity& who) {
        expect_equal(list(who), "alice");
        expect_equal(get(who), "");
        expect_equal(validate(who), "");
    }
    void expect_nothing(const Identity& who) {
        expect_equal(list(who), "NoSuchSession");
        expect_equal(list(who, {{"account", "alice"}}), "NoSuchSession");
        expect_equal(list(who, {{"ended", true}}), "NoSuchSession");
        expect_equal(get(who), "PermissionDenied");
        expect_equal(validate(who), "PermissionDenied");
        expect_equal(end(who), "PermissionDenied");
        expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    }

    Solod solod;
    LoginProgram program;
    std::string id;
};

const Identity operator_by_group{.uid = bob, .gid = bob, .groups = {7, operators}};
const Identity operator_by_gid{.uid = bob, .gid = operators, .groups = {}};
/// Has alice's group and root's, which says nothing.
const Identity neighbour{.uid = carol, .gid = 0, .groups = {0, alice}};

void by_default_nobody_but_the_owner_and_root_sees_or_ends_a_session(void** /*state*/) {
    Access access;
    for (const Identity& who : {user(bob), neighbour, operator_by_group, operator_by_gid})
        access.expect_nothing(who);
    access.expect_all({});
    access.expect_all(user(alice));
}

void an_ended_session_is_as_private_as_it_was(void** /*state*/) {
    Access access;
    expect_equal(access.end({}), "");
    for (const Identity& who : {user(bob), neighbour}) {
        expect_equal(access.get(who), "PermissionDenied");
        expect_equal(access.validate(who), "PermissionDenied");
        expect_equal(access.end(who), "PermissionDenied");
        expect_equal(access.list(who, {{"ended", true}}), "NoSuchSession");
    }
    for (const Identity& who : {user(alice), Identity{}}) {
        expect_equal(access.get(who), "");
        expect_equal(access.list(who), "NoSuchSession");
        expect_equal(access.list(who, {{"ended", true}}), "alice");
        expect_equal(access.end(who), "");
    }
}

void members_of_the_admin_group_see_and_end_all(void** /*state*/) {
    Access access{"[Policy]\nAdminGroup=" + std::to_string(operators) + "\n"};
    access.expect_all(operator_by_group);
    access.expect_all(operator_by_gid);
    access.expect_nothing(user(bob));
    access.expect_nothing(neighbour);
    expect_equal(access.end(operator_by_group), "");
    expect_equal(access.program.await_end(), SIGTERM);
}

void the_admin_group_follows_a_reload(void** /*state*/) {
    Access access;
    Client client{access.solod.sessions(), operator_by_group};
    expect_equal(listed(client), "NoSuchSession");
    access.solod.reload("[Policy]\nAdminGroup=" + std::to_string(operators) + "\n");
    expect_equal(listed(client), "alice");
    access.solod.reload("");
    expect_equal(listed(client), "NoSuchSession");
}

void everybody_may_ask_for_the_status(void** /*state*/) {
    const Access access;
    for (const Identity& who : {Identity{}, user(alice), user(bob)}) {
        const Json status = Client{access.solod.sessions(), who}.call(sessions + "Status").at("parameters");
        expect_equal(status.at("state").get<std::string>(), "ok");
        expect_equal(status.at("active").get<int>(), 1);
        expect_equal(status.at("opened_total").get<int>(), 1);
    }
}

void a_session_that_nobody_knows_is_told(void** /*state*/) {
    Solod solod;
    const Json unknown{{"id", "01234567-89ab-7def-8123-456789abcdef"}};
    for (const char* const method : {"Get", "Validate", "End"})
        for (const Identity& who : {Identity{}, user(bob)}) {
            const Json reply = Client{solod.sessions(), who}.call(sessions + method, unknown);
            expect_equal(error_of(reply), "NoSuchSession");
            expect(reply.at("parameters") == unknown, reply.dump());
        }
}

void the_owner_ends_a_session(void** /*state*/) {
    Access access;
    Client client{access.solod.sessions(), user(alice)};
    const Json ended =
        client.call(sessions + "End", {{"id", access.id}, {"message", "bye"}}).at("parameters").at("session");
    expect_equal(ended.at("state").get<std::string>(), "ended");
    expect_equal(ended.at("reason").get<std::string>(), "terminated");
    expect_equal(access.program.await_end(), SIGTERM);
    const Json validity = client.call(sessions + "Validate", {{"id", access.id}}).at("parameters");
    expect(!validity.at("active").get<bool>(), "it is no longer active");
    expect_equal(validity.at("message").get<std::string>(),
                 "The session was ended on request, or because the account was locked.");
    const Json again = client.call(sessions + "End", {{"id", access.id}});
    expect_equal(again.at("parameters").at("session").at("state").get<std::string>(), "ended");
}

void watchers_are_told_what_happens_to_whom_they_may_see(void** /*state*/) {
    Solod solod{"[Policy]\nAdminGroup=" + std::to_string(operators) + "\n"};
    Client all{solod.sessions()};
    Client admin{solod.sessions(), operator_by_group};
    Client of_alice{solod.sessions(), user(alice)};
    Client of_bob{solod.sessions(), user(bob)};
    for (Client* const watcher : {&all, &admin, &of_alice, &of_bob})
        watcher->send(sessions + "Watch", Json::object(), "more");
    expect_alive(solod); // all calls that came before it have begun
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    const std::string id = log_in(first, "alice", alice);
    log_in(second, "bob", bob);
    first.call(login + "Close", {{"id", id}});
    for (Client* const watcher : {&all, &admin}) {
        expect_equal(next_event(*watcher), "opened alice");
        expect_equal(next_event(*watcher), "opened bob");
        expect_equal(next_event(*watcher), "ended alice");
    }
    expect_equal(next_event(of_alice), "opened alice");
    expect_equal(next_event(of_alice), "ended alice");
    expect_equal(next_event(of_bob), "opened bob");
    LoginProgram third{solod.login()};
    expect_equal(error_of(third.call(login + "Open", login_of("bob", bob))), "Refused");
    expect_equal(next_event(of_bob), "refused nobody");
    expect_equal(next_event(all), "refused nobody");
    expect(of_alice.is_silent(), "alice hears nothing of bob");
}

void a_watch_ends_with_its_watcher(void** /*state*/) {
    Solod solod;
    Client witness{solod.sessions()};
    const auto before = settled_descriptors(solod, witness);
    std::deque<Client> watchers;
    for (int i = 0; i < 10; ++i)
        watchers.emplace_back(solod.sessions(), user(bob)).send(sessions + "Watch", Json::object(), "more");
    await([&] { return solod.descriptors() >= before + 10; }, "all are served");
    watchers.clear();
    await([&] { return solod.descriptors() == before; }, "all are let go");
    LoginProgram program{solod.login()};
    program.call(login + "Close", {{"id", log_in(program, "bob", bob)}});
    expect_alive(solod);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(the_login_socket_refuses_all_but_root),
        SOLO_TEST(by_default_nobody_but_the_owner_and_root_sees_or_ends_a_session),
        SOLO_TEST(an_ended_session_is_as_private_as_it_was),
        SOLO_TEST(members_of_the_admin_group_see_and_end_all),
        SOLO_TEST(the_admin_group_follows_a_reload),
        SOLO_TEST(everybody_may_ask_for_the_status),
        SOLO_TEST(a_session_that_nobody_knows_is_told),
        SOLO_TEST(the_owner_ends_a_session),
        SOLO_TEST(watchers_are_told_what_happens_to_whom_they_may_see),
        SOLO_TEST(a_watch_ends_with_its_watcher),
    };
    return run_as_root(tests);
}
