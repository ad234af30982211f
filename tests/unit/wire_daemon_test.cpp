// SPDX-License-Identifier: MIT
// The daemon itself: stop, restart, reload, and what it keeps.
#include "tests/unit/wire_scene.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

void sigterm_stops_it_and_leaves_sessions_alone(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    LoginProgram also{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    const std::string gone = log_in(also, "bob", bob);
    expect_equal(solod.stop(), 0);
    expect_equal(::kill(program.pid(), 0), 0);
    also.kill();
    solod.start();
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    expect_equal(session_of(solod, gone).at("reason").get<std::string>(), "lost");
    LoginProgram second{solod.login()};
    expect_equal(error_of(second.call(login + "Open", login_of("alice", alice))), "Refused");
    log_in(second, "bob", bob);
    program.kill();
    await_ended(solod, id, "leader-exited");
}

/// The states of all sessions, as an administrator's sqlite3 finds them.
std::string states_on_record(const Solod& solod) {
    const std::string command = "sqlite3 '" + solod.database() + "' 'SELECT state FROM session ORDER BY id'";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> answer{::popen(command.c_str(), "re"), ::pclose};
    std::string states;
    for (std::array<char, 64> line{};
         answer && std::fgets(line.data(), line.size(), answer.get()) != nullptr;)
        states += line.data();
    return states;
}

void what_can_wait_is_on_record_when_it_stops(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    log_in(program, "alice", alice); // a moment later it would be written in any case
    expect_equal(solod.stop(), 0);
    expect_equal(states_on_record(solod), "active\n");
}

void a_killed_one_knows_its_sessions_again(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    solod.kill();
    solod.start();
    expect_equal(session_of(solod, id).at("state").get<std::string>(), "active");
    Client parent{solod.login()};
    expect_equal(error_of(parent.call(login + "Close", {{"id", id}})), "");
    await_ended(solod, id, "logout");
}

/// What its service manager keeps of a session.
std::set<std::string> kept_of(const std::string& id) {
    return {"leader-" + id, "line-" + id};
}

void what_a_session_needs_outlives_the_daemon(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    await([&] { return solod.kept() == kept_of(id); }, "the leader and the line are kept");
    solod.kill();
    program.send(login + "Close", {{"id", id}}); // nobody reads it yet
    solod.start();
    expect_equal(error_of(program.reply()), "");
    await_ended(solod, id, "logout");
    await([&] { return solod.kept() == std::set<std::string>{"line-" + id}; }, "the leader is dropped");
    program.kill();
    await([&] { return solod.kept().empty(); }, "the line is dropped");
}

void a_kept_line_that_closes_frees_an_unwatched_leaders_slot(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    await([&] { return solod.kept() == kept_of(id); }, "the leader and the line are kept");
    solod.kill();
    solod.start();
    program.kill();
    await_ended(solod, id, "leader-exited");
    await([&] { return solod.kept().empty(); }, "both are dropped");
}

void a_leader_that_dies_meanwhile_is_known_by_its_kept_pidfd(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    await([&] { return solod.kept() == kept_of(id); }, "the leader and the line are kept");
    solod.kill();
    program.kill();
    solod.start();
    await_ended(solod, id, "lost");
    await([&] { return solod.kept().empty(); }, "both are dropped");
}

void descriptors_of_sessions_that_are_over_are_dropped(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    await([&] { return solod.kept() == kept_of(id); }, "the leader and the line are kept");
    solod.kill();
    std::filesystem::remove(solod.database());
    std::filesystem::remove(solod.database() + "-wal");
    solod.start();
    await([&] { return solod.kept().empty(); }, "both are dropped");
    expect(program.is_dropped(), "nobody serves the line");
}

void a_manager_that_does_not_listen_holds_nobody_up(void** /*state*/) {
    Solod solod;
    for (int number = 0; number < 40; ++number) { // more than its queue takes (net.unix.max_dgram_qlen)
        Client client{solod.login()};
        client.call(login + "Close", {{"id", log_in(client, "alice", alice)}});
    }
    await([&] { return solod.kept().empty(); }, "all are dropped in the end");
    expect_alive(solod);
}

void a_rule_for_a_group_holds_after_a_restart(void** /*state*/) {
    Solod solod{
        fmt::format("[Policy]\nOnConflict=supersede\nGraceTime=1h\n[Group {}]\nGraceTime=100ms\n", alice)};
    LoginProgram first{solod.login(), LoginProgram::OnSigterm::ignore};
    const std::string id = log_in(first, "alice", alice);
    solod.kill();
    solod.start();
    LoginProgram second{solod.login()};
    log_in(second, "alice", alice);
    await_ended(solod, id, "superseded");
    expect_equal(first.await_end(), SIGKILL);
}

void a_new_rule_for_a_group_holds_after_a_restart_for_who_came_before_it(void** /*state*/) {
    Solod solod{"[Policy]\nOnConflict=supersede\nGraceTime=1h\n"};
    LoginProgram first{solod.login(), LoginProgram::OnSigterm::ignore};
    Json without_groups = login_of("daemon", 1); // known to NSS on every host, as is its group
    without_groups["account"].erase("gids");
    const std::string id = first.call(login + "Open", without_groups).at("parameters").at("id");
    first.call(login + "Confirm", {{"id", id}});
    solod.reload("[Policy]\nOnConflict=supersede\nGraceTime=1h\n[Group 1]\nGraceTime=100ms\n");
    solod.kill();
    solod.start();
    const std::string known = "session " + id + ": the rules for groups hold for it now";
    await([&] { return solod.log().find(known) != std::string::npos; }, "its groups are known");
    solod.kill(); // and are on record
    solod.start();
    LoginProgram second{solod.login()};
    log_in(second, "daemon", 1);
    await_ended(solod, id, "superseded");
    expect_equal(first.await_end(), SIGKILL);
}

void a_second_one_does_not_start(void** /*state*/) {
    Solod solod;
    expect_equal(solod.start_another(), 1);
    expect_within(solod.log(), "another solod is running");
    expect_alive(solod);
}

void a_reload_that_fails_keeps_the_old_configuration(void** /*state*/) {
    Solod solod{"[Policy]\nMaxSessions=2\n"};
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    log_in(first, "alice", alice);
    solod.reload("[Policy]\nMaxSessions=none\n");
    log_in(second, "alice", alice);
    Client client{solod.sessions()};
    Json status = client.call(sessions + "Status").at("parameters");
    expect_equal(status.at("state").get<std::string>(), "degraded");
    expect_within(status.at("problems").dump(), "solo.conf:2: MaxSessions=none is not a whole number");
    solod.reload("[Policy]\nMaxSessions=1\n");
    status = client.call(sessions + "Status").at("parameters");
    expect_equal(status.at("state").get<std::string>(), "ok");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(sigterm_stops_it_and_leaves_sessions_alone),
        SOLO_TEST(what_can_wait_is_on_record_when_it_stops),
        SOLO_TEST(a_killed_one_knows_its_sessions_again),
        SOLO_TEST(what_a_session_needs_outlives_the_daemon),
        SOLO_TEST(a_kept_line_that_closes_frees_an_unwatched_leaders_slot),
        SOLO_TEST(a_leader_that_dies_meanwhile_is_known_by_its_kept_pidfd),
        SOLO_TEST(descriptors_of_sessions_that_are_over_are_dropped),
        SOLO_TEST(a_manager_that_does_not_listen_holds_nobody_up),
        SOLO_TEST(a_rule_for_a_group_holds_after_a_restart),
        SOLO_TEST(a_new_rule_for_a_group_holds_after_a_restart_for_who_came_before_it),
        SOLO_TEST(a_second_one_does_not_start),
        SOLO_TEST(a_reload_that_fails_keeps_the_old_configuration),
    };
    return run_as_root(tests);
}
