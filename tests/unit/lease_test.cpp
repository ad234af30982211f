// SPDX-License-Identifier: MIT
// Sessions without a process, over the sockets of a real solod: who may open them, how they meet logins and
// each other, and how they end. Names are asked of NSS, so the accounts are some that every Debian has.
#include "tests/unit/expect.hpp"
#include "tests/unit/wire_scene.hpp"

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace solo::testing;

namespace {

const Identity root{};
const Identity games{.uid = 5, .gid = 60, .groups = {}};
const Identity news{.uid = 9, .gid = 9, .groups = {}};
const Identity web{.uid = 33, .gid = 33, .groups = {}};
const Identity op{.uid = 13, .gid = 13, .groups = {operators}};

const std::string with_users = "[Policy]\nAdminGroup=61100\n[Daemon]\nLeaseUsers=33\n";

Json lease_of(const std::string& account, int ttl = 600, const std::string& rhost = "10.0.0.7") {
    return {{"account", account}, {"service", "portal"}, {"rhost", rhost}, {"ttl", ttl}};
}

/// The error's name, or what the reply says under `field`.
std::string outcome(const Json& reply, const char* field) {
    return reply.contains("error") ? error_of(reply) : reply.at("parameters").at(field).get<std::string>();
}

Json call(const Solod& solod, const std::string& method, const Json& parameters, const Identity& who = root) {
    return Client{solod.sessions(), who}.call(sessions + method, parameters);
}

/// Opens a lease; its id.
std::string open(const Solod& solod, const Json& lease, const Identity& who = root) {
    const Json reply = call(solod, "OpenLease", lease, who);
    if (reply.contains("error"))
        throw std::runtime_error{"no lease: " + reply.dump()};
    return reply.at("parameters").at("session").at("id");
}

/// "active", or the reason and the message that Validate gives.
std::string validity(const Solod& solod, const std::string& id, const Identity& who = root) {
    const Json reply = call(solod, "Validate", {{"id", id}}, who);
    if (reply.contains("error"))
        return error_of(reply);
    const Json& said = reply.at("parameters");
    return said.at("active").get<bool>()
               ? "active"
               : said.at("reason").get<std::string>() + ": " + said.value("message", std::string{"(none)"});
}

/// The next event of that kind.
Json await_event(Client& watcher, const std::string& kind) {
    for (;;) {
        const Json event = watcher.reply().at("parameters").at("event");
        if (event.at("kind") == kind)
            return event;
    }
}

/// A client that is told what happens from now on.
Client watch(const Solod& solod, const Identity& who = root) {
    Client watcher{solod.sessions(), who};
    watcher.send(sessions + "Watch", Json::object(), "more");
    Client{solod.sessions()}.call(sessions + "Status"); // answered after the call before it was taken up
    return watcher;
}

std::int64_t microseconds(std::chrono::microseconds time) {
    return time.count();
}

// A lease's life.

/// An application opens a lease for each: nobody may be told to try again because they are many.
void crowd_at_one_moment_is_granted(void** /*state*/) {
    const Solod solod;
    std::vector<Client> crowd;
    for (int i = 0; i < 100; ++i)
        crowd.emplace_back(solod.sessions());
    ::kill(solod.pid(), SIGSTOP); // all are there when it looks
    for (int i = 0; i < 100; ++i)
        crowd[i].send(sessions + "OpenLease", lease_of("person" + std::to_string(i) + "@example"));
    ::kill(solod.pid(), SIGCONT);
    for (Client& one : crowd)
        expect_equal(error_of(one.reply()), "");
}

void lease_is_opened_renewed_and_closed(void** /*state*/) {
    const Solod solod;
    const Json session =
        call(solod, "OpenLease", lease_of("ann@example", 600)).at("parameters").at("session");
    expect_equal(session.at("account").get<std::string>(), "ann@example");
    expect_equal(session.at("state").get<std::string>(), "active");
    expect_equal(session.at("service").get<std::string>(), "portal");
    expect_equal(session.at("rhost").get<std::string>(), "10.0.0.7");
    expect_equal(session.at("slot").get<int>(), 0);
    expect(!session.contains("leader"), "it has no leader");
    const std::int64_t lasts =
        session.at("expires").get<std::int64_t>() - session.at("opened").get<std::int64_t>();
    expect(std::abs(lasts - microseconds(std::chrono::seconds{600})) < 1'000'000, "it lasts its ttl");
    const std::string id = session.at("id");
    expect_equal(validity(solod, id), "active");

    const Json renewed = call(solod, "Renew", {{"id", id}});
    expect(renewed.at("parameters").at("expires") > session.at("expires"), "it lasts longer");
    expect_equal(error_of(call(solod, "CloseLease", {{"id", id}})), "");
    expect_equal(validity(solod, id), "logout: The session was closed.");
    expect_equal(error_of(call(solod, "CloseLease", {{"id", id}})), ""); // again
    const Json late = call(solod, "Renew", {{"id", id}});
    expect_equal(error_of(late), "NotActive");
    expect_equal(late.at("parameters").at("state").get<std::string>(), "ended");
    expect_equal(late.at("parameters").at("reason").get<std::string>(), "logout");
    open(solod, lease_of("ann@example")); // the slot is free
}

void lease_that_is_not_renewed_lapses_within_a_second(void** /*state*/) {
    const Solod solod;
    Client watcher = watch(solod);
    const std::string id = open(solod, lease_of("ann@example", 1));
    const Json opened = await_event(watcher, "opened").at("session");
    const Json ended = await_event(watcher, "ended");
    expect_equal(ended.at("session").at("id").get<std::string>(), id);
    expect_equal(ended.at("session").at("reason").get<std::string>(), "lease-lapsed");
    const std::int64_t late =
        ended.at("session").at("ended").get<std::int64_t>() - opened.at("expires").get<std::int64_t>();
    expect(late >= -10'000 && late < 1'000'000, "at its end: " + std::to_string(late));
    expect_equal(validity(solod, id), "lease-lapsed: The session was not renewed in time.");
    expect_equal(error_of(call(solod, "Renew", {{"id", id}})), "NotActive");
    open(solod, lease_of("ann@example"));
}

void lease_that_is_renewed_outlives_its_first_end(void** /*state*/) {
    const Solod solod;
    Client watcher = watch(solod);
    const std::string renewed = open(solod, lease_of("ann@example", 2));
    const std::string lapsing = open(solod, lease_of("ben@example", 2));
    expect_equal(error_of(call(solod, "Renew", {{"id", renewed}})), "");
    expect_equal(await_event(watcher, "ended").at("session").at("id").get<std::string>(), lapsing);
    expect_equal(await_event(watcher, "ended").at("session").at("id").get<std::string>(), renewed);
}

void max_lifetime_bounds_renewal(void** /*state*/) {
    const Solod solod{"[Service portal]\nMaxLifetime=2s\n"};
    Client watcher = watch(solod);
    const std::string id = open(solod, lease_of("ann@example", 600));
    const Json renewed = call(solod, "Renew", {{"id", id}});
    const Json session = call(solod, "Get", {{"id", id}}).at("parameters").at("session");
    const std::int64_t lasts =
        renewed.at("parameters").at("expires").get<std::int64_t>() - session.at("opened").get<std::int64_t>();
    expect(lasts < 3'000'000, "not longer than MaxLifetime");
    await_event(watcher, "ended");
    expect_equal(validity(solod, id), "expired: The session had reached its longest time.");
}

void leases_and_their_ends_outlive_a_restart(void** /*state*/) {
    Solod solod{with_users};
    const std::string kept = open(solod, lease_of("ann@example", 600), web);
    const std::string lapsing = open(solod, lease_of("ben@example", 1), web);
    const Json before = call(solod, "Get", {{"id", kept}}).at("parameters").at("session");
    solod.kill();
    solod.start();
    const Json after = call(solod, "Get", {{"id", kept}}).at("parameters").at("session");
    expect(std::abs(after.at("expires").get<std::int64_t>() - before.at("expires").get<std::int64_t>()) <
               100'000,
           "it ends when it would have");
    await([&] { return validity(solod, lapsing).starts_with("lease-lapsed: "); }, "it lapses");
    expect_equal(outcome(call(solod, "OpenLease", lease_of("ann@example"), web), "session"), "Refused");
    expect_equal(error_of(call(solod, "Renew", {{"id", kept}}, web)), ""); // its opener is known
    expect_equal(error_of(call(solod, "Renew", {{"id", kept}}, news)), "PermissionDenied");
}

// Leases and logins meet.

void lease_is_refused_where_a_session_holds_the_slot(void** /*state*/) {
    const Solod solod{"[Policy]\nMessage=Call 42.\n"};
    const std::string holder = open(solod, lease_of("games", 600));
    const Json reply = call(solod, "OpenLease", lease_of("games", 600, "10.0.0.9"));
    expect_equal(error_of(reply), "Refused");
    const Json& why = reply.at("parameters");
    expect_within(why.at("message").get<std::string>(),
                  "This account is already logged in from 10.0.0.7 (portal) since ");
    expect_within(why.at("message").get<std::string>(), "Call 42.");
    expect_within(why.at("rule").get<std::string>(), "[Policy] OnConflict");
    expect_equal(why.at("holder").at("id").get<std::string>(), holder);

    LoginProgram login{solod.login()};
    const Json opened = login.call("org.pamsolo.Login.Open", login_of("games", 5));
    expect_equal(error_of(opened), "Refused");
    expect_equal(opened.at("parameters").at("holder").at("id").get<std::string>(), holder);

    call(solod, "CloseLease", {{"id", holder}});
    log_in(login, "games", 5);
    expect_equal(error_of(call(solod, "OpenLease", lease_of("games"))), "Refused");
    expect_equal(error_of(call(solod, "OpenLease", lease_of("news"))), ""); // another account
}

void refusal_names_the_holder_only_to_who_may_know(void** /*state*/) {
    const Solod solod{"[Policy]\nRevealHolder=no\n[Daemon]\nLeaseUsers=33 9\n"};
    open(solod, lease_of("games", 600), web);
    const auto holder_for = [&](const Identity& who) {
        const Json reply = call(solod, "OpenLease", lease_of("games"), who);
        expect_equal(error_of(reply), "Refused");
        return reply.at("parameters").value("holder", Json{}).is_object();
    };
    expect(holder_for(root) && holder_for(games) && holder_for(web), "root, the account, the opener");
    expect(!holder_for(news), "another lease user");
}

void lease_supersedes_a_lease_which_learns_by_whom(void** /*state*/) {
    const Solod solod{"[Policy]\nOnConflict=supersede\n" + std::string{"[Daemon]\nLeaseUsers=33\n"}};
    const std::string first = open(solod, lease_of("ann@example", 600), web);
    const std::string second = open(solod, lease_of("ann@example", 600, "10.0.0.9"), web);
    const std::string why = "The session was superseded by a login from 10.0.0.9 (portal).";
    expect_equal(validity(solod, first, web), "superseded: " + why);
    expect_equal(validity(solod, second, web), "active");
    const Json renewed = call(solod, "Renew", {{"id", first}}, web);
    expect_equal(error_of(renewed), "NotActive");
    expect_equal(renewed.at("parameters").at("reason").get<std::string>(), "superseded");
    expect_equal(renewed.at("parameters").at("message").get<std::string>(), why);
    const Json shown = call(solod, "Get", {{"id", first}}, web).at("parameters").at("session");
    expect_equal(shown.at("superseded_by").get<std::string>(), second);
    call(solod, "CloseLease", {{"id", second}}, web);
    expect_equal(validity(solod, first, web), "superseded: " + why); // also when the successor is over
}

void who_has_opened_a_lease_hears_of_its_end(void** /*state*/) {
    const Solod solod{with_users};
    Client watcher = watch(solod, web);
    open(solod, lease_of("games"));
    call(solod, "CloseLease", {{"id", open(solod, lease_of("ann@example"), web)}}, root);
    expect_equal(next_event(watcher), "opened ann@example");
    expect_equal(next_event(watcher), "ended ann@example");
    expect(watcher.is_silent(), "it hears nothing of other leases");
}

void lease_and_login_supersede_each_other(void** /*state*/) {
    const Solod solod{"[Policy]\nOnConflict=supersede\n"};
    LoginProgram login{solod.login()};
    const std::string id = log_in(login, "games", 5);
    const std::string lease = open(solod, lease_of("games"), games);
    login.await_end(); // before the lease was granted
    expect_equal(validity(solod, id),
                 "superseded: The session was superseded by a login from 10.0.0.7 (portal).");
    LoginProgram again{solod.login()};
    log_in(again, "games", 5);
    expect_equal(validity(solod, lease, games),
                 "superseded: The session was superseded by a login from 10.0.0.5 (sshd).");
}

void where_to_ask_a_takeover_supersedes(void** /*state*/) {
    const Solod solod{"[Policy]\nOnConflict=ask\n[Daemon]\nLeaseUsers=33\n"};
    const std::string first = open(solod, lease_of("ann@example"), web);
    const Json explained = call(solod, "Explain", {{"account", "ann@example"}, {"service", "portal"}}, web);
    expect_equal(outcome(explained, "decision"), "ask");
    Json lease = lease_of("ann@example", 600, "10.0.0.9");
    expect_equal(error_of(call(solod, "OpenLease", lease, web)), "Refused");
    expect_equal(validity(solod, first, web), "active");
    lease["takeover"] = true;
    expect_equal(error_of(call(solod, "OpenLease", lease, web)), "");
    expect_equal(validity(solod, first, web),
                 "superseded: The session was superseded by a login from 10.0.0.9 (portal).");
}

void lease_whose_opener_gives_up_is_not_opened(void** /*state*/) {
    const Solod solod{"[Policy]\nOnConflict=supersede\nGraceTime=1s\n"};
    LoginProgram stubborn{solod.login(), LoginProgram::OnSigterm::ignore};
    log_in(stubborn, "games", 5);
    Client watcher = watch(solod);
    Client opener{solod.sessions(), games};
    opener.send(sessions + "OpenLease", lease_of("games"));
    await_event(watcher, "superseding");
    opener.close();
    await_event(watcher, "ended");
    LoginProgram next{solod.login()};
    log_in(next, "games", 5); // nobody holds the slot
    Client list{solod.sessions()};
    expect_equal(list.call(sessions + "List", {{"account", "games"}})
                     .at("parameters")
                     .at("session")
                     .at("service")
                     .get<std::string>(),
                 "sshd");
}

// Who may do what.

/// What each caller is answered; `id` is a lease of the account games that web has opened.
void everybody_may_what_they_may(void** /*state*/) {
    const Solod solod{with_users};
    const std::string id = open(solod, lease_of("games"), web);
    LoginProgram login{solod.login()};
    const std::string plain = log_in(login, "news", 9);
    const std::vector<std::pair<const char*, Identity>> callers{
        {"root", root}, {"owner", games}, {"opener", web}, {"admin", op}, {"other", news}};
    const auto allowed = [&](const std::string& method, const Json& parameters) {
        std::string who;
        for (const auto& [name, identity] : callers)
            if (error_of(call(solod, method, parameters, identity)) != "PermissionDenied")
                who += (who.empty() ? "" : " ") + std::string{name};
        return who;
    };
    const Json this_one{{"id", id}};
    expect_equal(allowed("Get", this_one), "root owner opener admin");
    expect_equal(allowed("Validate", this_one), "root owner opener admin");
    expect_equal(allowed("Renew", this_one), "root owner opener admin");
    expect_equal(allowed("Explain", {{"account", "games"}}), "root owner opener admin");
    expect_equal(allowed("Explain", {{"account", "nobody"}}), "root opener admin");
    expect_equal(allowed("OpenLease", lease_of("games")), "root owner opener");
    expect_equal(allowed("OpenLease", lease_of("nobody")), "root opener");
    expect_equal(allowed("OpenLease", lease_of("ann@example")), "root opener");
    expect_equal(allowed("Unlock", {{"account", "games"}}), "root admin");
    expect_equal(allowed("Renew", {{"id", plain}}), "root admin other"); // to be told that it is no lease
    expect_equal(error_of(call(solod, "End", this_one, web)), "PermissionDenied");
    expect_equal(error_of(call(solod, "End", this_one, news)), "PermissionDenied");
    expect_equal(error_of(call(solod, "CloseLease", this_one, news)), "PermissionDenied");
    expect_equal(validity(solod, id), "active"); // those who may not have changed nothing
    expect_equal(error_of(call(solod, "CloseLease", this_one, games)), "");
    for (const char* const method : {"Get", "Validate", "CloseLease"}) // and the same when it is over
        expect_equal(allowed(method, this_one), "root owner opener admin");
    for (const char* const method : {"Renew", "CloseLease"})
        expect_equal(error_of(call(solod, method, {{"id", plain}})), "NotALease");
    expect_equal(validity(solod, plain), "active");
}

void lease_users_are_those_of_the_last_reload(void** /*state*/) {
    Solod solod;
    expect_equal(error_of(call(solod, "OpenLease", lease_of("ann@example"), web)), "PermissionDenied");
    solod.reload(with_users);
    expect_equal(error_of(call(solod, "OpenLease", lease_of("ann@example"), web)), "");
    solod.reload("");
    expect_equal(error_of(call(solod, "OpenLease", lease_of("ben@example"), web)), "PermissionDenied");
}

void user_has_a_bounded_number_of_leases(void** /*state*/) {
    Solod solod{"[Policy]\nEnforce=no\n"};
    constexpr int most = 64;
    std::string last;
    for (int i = 0; i < most; ++i)
        last = open(solod, lease_of("games"), games);
    const auto one_more = [&] { return error_of(call(solod, "OpenLease", lease_of("games"), games)); };
    const Json refused = call(solod, "OpenLease", lease_of("games"), games);
    expect_equal(error_of(refused), "Refused");
    expect_within(refused.at("parameters").at("rule").get<std::string>(), "LeaseUsers");
    expect_equal(error_of(call(solod, "OpenLease", lease_of("games"))), ""); // root
    solod.kill();
    solod.start();
    expect_equal(one_more(), "Refused"); // those from before the restart count
    call(solod, "CloseLease", {{"id", last}}, games);
    expect_equal(one_more(), "");
    expect_equal(one_more(), "Refused");
}

/// The history and the log would grow without bound.
void user_opens_no_leases_without_end(void** /*state*/) {
    const Solod solod{with_users};
    const auto one_more = [&](const Identity& who) {
        const Json reply = call(solod, "OpenLease", lease_of("games"), who);
        if (!reply.contains("error"))
            call(solod, "CloseLease", {{"id", reply.at("parameters").at("session").at("id")}}, who);
        return error_of(reply);
    };
    int opened = 0;
    while (opened < 1000 && one_more(games).empty())
        ++opened;
    expect(opened >= 128 && opened < 200, std::to_string(opened));
    expect_equal(one_more(web), "");
    await([&] { return one_more(games).empty(); }, "a second later one more is possible");
}

void what_cannot_be_a_lease_is_said(void** /*state*/) {
    const Solod solod;
    const auto wrong = [&](const char* name, const Json& value) {
        Json lease = lease_of("games");
        lease[name] = value;
        const Json reply = call(solod, "OpenLease", lease);
        return error_of(reply) == "InvalidParameter"
                   ? reply.at("parameters").at("parameter").get<std::string>()
                   : reply.dump();
    };
    for (const Json& ttl : {Json(0), Json(-1), Json(86'401), Json(1.5), Json("60"), Json{}})
        expect_equal(wrong("ttl", ttl), "ttl");
    for (const Json& account :
         {Json(""), Json("a\nb"), Json("a\x1b[2J"), Json(std::string(257, 'a')), Json{}})
        expect_equal(wrong("account", account), "account");
    for (const Json& service : {Json(""), Json(std::string(257, 's')), Json{}})
        expect_equal(wrong("service", service), "service");
    expect_equal(wrong("rhost", std::string(257, 'h')), "rhost");
    expect_equal(wrong("takeover", 1), "takeover");
    Json ignored = lease_of("games");
    ignored["service"] = "cron";
    const Json reply = call(solod, "OpenLease", ignored);
    expect_equal(error_of(reply), "Refused");
    expect_equal(reply.at("parameters").at("message").get<std::string>(),
                 "This service is no login, so there is no session to open.");
    expect_within(reply.at("parameters").at("rule").get<std::string>(), "[Policy] IgnoreServices");
    expect_equal(error_of(Client{solod.sessions()}.call(sessions + "List")), "NoSuchSession");
}

// Explain.

void explain_says_what_would_happen_and_by_which_rule(void** /*state*/) {
    Solod solod;
    const auto explained = [&](const Json& question, const Identity& who = root) {
        const Json reply = call(solod, "Explain", question, who);
        if (reply.contains("error"))
            return error_of(reply);
        const Json& said = reply.at("parameters");
        return said.at("decision").get<std::string>() + " by " + said.at("rule").get<std::string>() +
               (said.value("holder", Json{}).is_object() ? " with a holder" : "");
    };
    const auto is = [&](const std::string& said, const std::string& decision, const std::string& rule) {
        expect(said.starts_with(decision + " by ") && said.find(rule) != std::string::npos, said);
    };
    const Json games_by_ssh{{"account", "games"}, {"service", "sshd"}, {"rhost", "10.0.0.9"}};
    is(explained(games_by_ssh), "grant", "[Policy] MaxSessions");
    is(explained({{"account", "games"}, {"service", "cron"}}), "ignore", "[Policy] IgnoreServices");
    is(explained({{"account", "root"}}), "grant", "uid 0");
    open(solod, lease_of("games"));
    expect_equal(explained(games_by_ssh, news), "PermissionDenied");
    is(explained(games_by_ssh, games), "refuse", "with a holder");

    solod.reload("[Policy]\n\n[Service sshd]\nOnConflict=supersede\n");
    is(explained(games_by_ssh), "supersede", "[Service sshd] OnConflict (");
    is(explained(games_by_ssh), "supersede", "solo.conf:4)");
    solod.reload("[Policy]\nEnforce=no\n[User games]\nOnConflict=ask\n");
    is(explained(games_by_ssh), "would-ask", "[Policy] Enforce (");
    is(explained(games_by_ssh), "would-ask", "solo.conf:2) and [User games] OnConflict (");
    expect_equal(explained({{"account", "a\nb"}}), "InvalidParameter");
    expect_equal(explained({{"account", "games"}, {"service", ""}}), "InvalidParameter");
    Client list{solod.sessions()};
    expect_equal(error_of(list.call(sessions + "List")), ""); // one lease, as before: nothing has changed
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(lease_is_opened_renewed_and_closed),
        SOLO_TEST(crowd_at_one_moment_is_granted),
        SOLO_TEST(lease_that_is_not_renewed_lapses_within_a_second),
        SOLO_TEST(lease_that_is_renewed_outlives_its_first_end),
        SOLO_TEST(max_lifetime_bounds_renewal),
        SOLO_TEST(leases_and_their_ends_outlive_a_restart),
        SOLO_TEST(lease_is_refused_where_a_session_holds_the_slot),
        SOLO_TEST(refusal_names_the_holder_only_to_who_may_know),
        SOLO_TEST(lease_supersedes_a_lease_which_learns_by_whom),
        SOLO_TEST(who_has_opened_a_lease_hears_of_its_end),
        SOLO_TEST(lease_and_login_supersede_each_other),
        SOLO_TEST(where_to_ask_a_takeover_supersedes),
        SOLO_TEST(lease_whose_opener_gives_up_is_not_opened),
        SOLO_TEST(everybody_may_what_they_may),
        SOLO_TEST(lease_users_are_those_of_the_last_reload),
        SOLO_TEST(user_has_a_bounded_number_of_leases),
        SOLO_TEST(user_opens_no_leases_without_end),
        SOLO_TEST(what_cannot_be_a_lease_is_said),
        SOLO_TEST(explain_says_what_would_happen_and_by_which_rule),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
