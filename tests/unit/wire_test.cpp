// SPDX-License-Identifier: MIT
#include "tests/unit/expect.hpp"
#include "tests/unit/solod_process.hpp"

#include <chrono>
#include <csignal>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

constexpr int alice = 61001;
constexpr int bob = 61002;
constexpr int carol = 61003;
constexpr gid_t operators = 61100;

const std::string login = "org.pamsolo.Login.";
const std::string sessions = "org.pamsolo.Sessions.";
const std::string service = "org.varlink.service.";

Identity user(int uid) {
    const auto id = static_cast<unsigned>(uid);
    return {.uid = id, .gid = id, .groups = {}};
}

/// A connection to sessions.sock is answered.
void expect_alive(const Solod& solod) {
    expect_equal(error_of(Client{solod.sessions()}.call(sessions + "Status")), "");
    expect_equal(error_of(Client{solod.sessions(), user(carol)}.call(sessions + "Status")), "");
    expect_equal(error_of(Client{solod.login()}.call(service + "GetInfo")), "");
}

/// Asks until the answer is as it should be, for what follows an event that no client is told of.
template<class Question>
void await(const Question& question, const char* what) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!question()) {
        expect(std::chrono::steady_clock::now() < deadline, what);
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
}

Json session_of(const Solod& solod, const std::string& id) {
    return Client{solod.sessions()}.call(sessions + "Get", {{"id", id}}).at("parameters").at("session");
}

void await_ended(const Solod& solod, const std::string& id, const std::string& reason) {
    await([&] { return session_of(solod, id).at("state") == "ended"; }, "the session ends");
    expect_equal(session_of(solod, id).at("reason").get<std::string>(), reason);
}

/// The accounts of a list.
std::string listed(Client& client, const Json& parameters = Json::object()) {
    client.send(sessions + "List", parameters, "more");
    std::string accounts;
    for (bool continues = true; continues;) {
        const Json reply = client.reply();
        continues = reply.value("continues", false);
        const std::string name = reply.contains("error")
                                     ? error_of(reply)
                                     : reply.at("parameters").at("session").at("account").get<std::string>();
        accounts += (accounts.empty() ? "" : " ") + name;
    }
    return accounts;
}

/// How many descriptors solod has open while it serves this client and no other.
std::size_t settled_descriptors(Solod& solod, Client& client) {
    expect_equal(error_of(client.call(sessions + "Status")), ""); // what it does at its start is over
    return solod.descriptors();
}

// org.varlink.service.

void both_sockets_say_who_they_are(void** /*state*/) {
    Solod solod;
    const std::map<std::string, std::string> own{{solod.login(), "org.pamsolo.Login"},
                                                 {solod.sessions(), "org.pamsolo.Sessions"}};
    for (const auto& [path, interface] : own) {
        Client client{path};
        const Json info = client.call(service + "GetInfo").at("parameters");
        expect_equal(info.at("product").get<std::string>(), "solod");
        for (const char* const field : {"vendor", "version", "url"})
            expect(info[field].is_string(), field);
        const Json interfaces = info.at("interfaces");
        expect(interfaces == Json::array({interface, "org.varlink.service"}), interfaces.dump());
        for (const std::string name : interfaces) {
            const Json reply = client.call(service + "GetInterfaceDescription", {{"interface", name}});
            expect_equal(reply.at("parameters").at("description").get<std::string>(),
                         read_bytes(SOLO_PROTOCOL_DIR "/"s + name + ".varlink"));
        }
    }
}

void interfaces_and_methods_that_are_not_there_are_told_apart(void** /*state*/) {
    Solod solod;
    Client client{solod.sessions()};
    const auto expect_error = [&](const std::string& method, const std::string& error,
                                  const Json& parameters) {
        const Json reply = client.call(method);
        expect_equal(reply.at("error").get<std::string>(), service + error);
        expect(reply.at("parameters") == parameters, reply.dump());
    };
    expect_error("no.such.Thing", "InterfaceNotFound", {{"interface", "no.such"}});
    expect_error(login + "Check", "InterfaceNotFound", {{"interface", "org.pamsolo.Login"}});
    expect_error(sessions + "Nothing", "MethodNotFound", {{"method", sessions + "Nothing"}});
    expect_error(sessions, "MethodNotFound", {{"method", sessions}});
    expect_error(sessions + "list", "MethodNotFound", {{"method", sessions + "list"}});
    expect_error("Nothing", "InterfaceNotFound", {{"interface", "Nothing"}});
    expect_error("", "InterfaceNotFound", {{"interface", ""}});
    const Json reply = client.call(service + "GetInterfaceDescription", {{"interface", "org.pamsolo.Login"}});
    expect_equal(error_of(reply), "InterfaceNotFound");
    expect_alive(solod);
}

void a_wrong_parameter_is_named(void** /*state*/) {
    Solod solod;
    const auto name_of = [](const Json& reply) {
        return reply.value("error", "") == service + "InvalidParameter"
                   ? reply.at("parameters").at("parameter").get<std::string>()
                   : reply.dump();
    };
    Client public_client{solod.sessions()};
    for (const char* const method : {"Get", "Validate", "End"}) {
        for (const Json& id :
             {Json{}, Json(5), Json(""), Json("x"), Json("00000000-0000-0000-0000-00000000000"),
              Json(std::string(5000, 'a')), Json(Json::array())})
            expect_equal(name_of(public_client.call(sessions + method, {{"id", id}})), "id");
        expect_equal(name_of(public_client.call(sessions + method)), "id");
    }
    expect_equal(name_of(public_client.call(sessions + "List", {{"limit", 0}})), "limit");
    expect_equal(name_of(public_client.call(sessions + "List", {{"limit", -5}})), "limit");
    expect_equal(name_of(public_client.call(sessions + "List", {{"limit", 1.5}})), "limit");
    expect_equal(name_of(public_client.call(sessions + "List", {{"limit", "1"}})), "limit");
    expect_equal(name_of(public_client.call(sessions + "List", {{"ended", 1}})), "ended");
    expect_equal(name_of(public_client.call(sessions + "List", {{"account", 1}})), "account");
    expect_equal(name_of(public_client.call(service + "GetInterfaceDescription")), "interface");

    Client client{solod.login()};
    const auto with = [&](const char* pointer, const Json& value) {
        Json parameters = login_of("alice", alice);
        parameters[Json::json_pointer{pointer}] = value;
        const std::string opened = name_of(client.call(login + "Open", parameters));
        if (!std::string_view{pointer}.starts_with("/nonce") &&
            !std::string_view{pointer}.starts_with("/take"))
            expect_equal(name_of(client.call(login + "Check", parameters)), opened);
        return opened;
    };
    expect_equal(with("/account", "alice"), "account");
    expect_equal(with("/account/name", ""), "account.name");
    expect_equal(with("/account/name", Json{}), "account.name");
    expect_equal(with("/account/uid", -1), "account.uid");
    expect_equal(with("/account/uid", 4294967295), "account.uid");
    expect_equal(with("/account/uid", 4294967296), "account.uid");
    expect_equal(with("/account/uid", "0"), "account.uid");
    expect_equal(with("/account/gids", Json{}), "account.gids");
    expect_equal(with("/account/gids", Json::array({"x"})), "account.gids");
    expect_equal(with("/origin", Json{}), "origin");
    expect_equal(with("/origin/service", ""), "origin.service");
    expect_equal(with("/origin/service", Json{}), "origin.service");
    expect_equal(with("/origin/tty", 1), "origin.tty");
    expect_equal(with("/nonce", ""), "nonce");
    expect_equal(with("/nonce", std::string(31, '0')), "nonce");
    expect_equal(with("/nonce", std::string(32, 'G')), "nonce");
    expect_equal(with("/nonce", std::string(33, '0')), "nonce");
    expect_equal(with("/takeover", 1), "takeover");
    expect_equal(name_of(client.call(login + "Close")), "id");
    expect_equal(name_of(client.call(login + "Confirm", {{"id", "x"}})), "id");
    expect_equal(listed(public_client), "NoSuchSession");
}

void unknown_fields_are_ignored(void** /*state*/) {
    Solod solod;
    Client client{solod.login()};
    Json parameters = login_of("alice", alice);
    parameters["colour"] = "blue";
    parameters["account"]["shell"] = "/bin/sh";
    expect_equal(client.call(login + "Check", parameters).at("parameters").at("decision").get<std::string>(),
                 "grant");
}

void flags_are_kept_to_their_methods(void** /*state*/) {
    Solod solod;
    LoginProgram first{solod.login()};
    LoginProgram second{solod.login()};
    log_in(first, "alice", alice);
    log_in(second, "bob", bob);
    Client client{solod.sessions()};
    const Json upgraded = client.call(sessions + "Status", Json::object(), "upgrade");
    expect_equal(upgraded.at("error").get<std::string>(), service + "InvalidParameter");
    expect_equal(error_of(client.call(sessions + "Watch")), "ExpectedMore");
    expect_equal(error_of(client.call(sessions + "List")), "ExpectedMore");
    const Json one = client.call(sessions + "List", {{"account", "bob"}});
    expect_equal(one.at("parameters").at("session").at("account").get<std::string>(), "bob");
    const Json status = client.call(sessions + "Status", Json::object(), "more");
    expect(!status.value("continues", false), "one reply is the last one");
    expect_equal(listed(client), "alice bob");
}

void a_oneway_call_is_not_answered(void** /*state*/) {
    Solod solod;
    Client client{solod.sessions()};
    client.send(sessions + "Status", Json::object(), "oneway");
    client.send(sessions + "Get", {{"id", "nonsense"}}, "oneway");
    client.send("no.such.Thing", Json::object(), "oneway");
    const Json reply = client.call(service + "GetInfo");
    expect(reply.at("parameters").contains("product"), "the first reply is to the fourth call");
    LoginProgram program{solod.login()};
    program.send(login + "Open", login_of("alice", alice));
    const std::string id = program.reply().at("parameters").at("id");
    program.send(login + "Confirm", {{"id", id}}, "oneway"); // as the module does
    await([&] { return session_of(solod, id).at("state") == "active"; }, "it is confirmed");
}

void calls_that_come_together_are_answered_in_order(void** /*state*/) {
    Solod solod;
    std::string bytes;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i)
        bytes += Json{{"method", "no.such" + std::to_string(i) + ".Thing"}}.dump() + '\0';
    Client answered{solod.sessions()};
    answered.send_bytes(bytes);
    for (int i = 0; i < count; ++i)
        expect_equal(answered.reply().at("parameters").at("interface").get<std::string>(),
                     "no.such" + std::to_string(i));
}

/// The first call waits for an event; the one behind it must not be answered before.
void a_call_behind_one_that_waits_is_answered_after_it(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    const std::string id = log_in(program, "alice", alice);
    Client client{solod.sessions()};
    client.send(sessions + "End", {{"id", id}});
    client.send(sessions + "Status");
    expect_equal(client.reply().at("parameters").at("session").at("state").get<std::string>(), "ended");
    expect(client.reply().at("parameters").contains("opened_total"), "then the status");
}

// Clients that do not play along.

void what_is_no_call_drops_the_connection_alone(void** /*state*/) {
    Solod solod;
    Client bystander{solod.sessions(), user(bob)};
    const std::vector<std::string> messages{"hello",
                                            "",
                                            "{}",
                                            "[]",
                                            "null",
                                            "42",
                                            "{\"method\":5}",
                                            "{\"method\":\"a.b\",\"parameters\":[]}",
                                            "{\"method\":\"a.b\",\"oneway\":true,\"more\":true}",
                                            "{\"method\":\"a.b\",\"more\":\"yes\"}",
                                            "{\"method\":\"a.b\"",
                                            "{\"method\":\"a.b\"} {}",
                                            "\xff\xfe",
                                            "{\"method\":\"\xff\"}",
                                            std::string(20, '[') + std::string(20, ']'),
                                            "{\"method\":\"a.b\",\"parameters\":" + std::string(5000, '{'),
                                            "SSH-2.0-OpenSSH_9.2\r\n",
                                            "GET / HTTP/1.1\r\n\r\n"};
    for (const std::string& message : messages)
        for (const std::string& path : {solod.sessions(), solod.login()}) {
            Client client{path};
            client.send_bytes(message + '\0');
            expect(client.is_dropped(), message);
            expect_equal(error_of(bystander.call(sessions + "Status")), "");
        }
    expect_alive(solod);
}

void a_message_over_the_limit_drops_the_connection_alone(void** /*state*/) {
    Solod solod;
    const std::map<std::string, std::size_t> limits{{solod.sessions(), 64 << 10}, {solod.login(), 1 << 20}};
    for (const auto& [path, limit] : limits) {
        const std::string begin = R"({"method":"no.such.Thing","parameters":{"x":")";
        const std::string end = R"("}})";
        const auto message = [&](std::size_t size) {
            return begin + std::string(size - begin.size() - end.size() - 1, 'x') + end + '\0';
        };
        Client within{path};
        within.send_bytes(message(limit));
        expect_equal(error_of(within.reply()), "InterfaceNotFound");
        Client beyond{path};
        try {
            beyond.send_bytes(message(limit + 1));
        } catch (const std::system_error&) { // it was dropped before the end
        }
        expect(beyond.is_dropped(), "it is dropped");
        Client endless{path};
        try {
            endless.send_bytes(std::string(limit * 2, ' '));
        } catch (const std::system_error&) {
        }
        expect(endless.is_dropped(), "it is dropped without a NUL");
    }
    expect_alive(solod);
}

void a_message_in_single_bytes_is_understood(void** /*state*/) {
    Solod solod;
    Client client{solod.sessions()};
    for (const char byte : R"({"method":"org.pamsolo.Sessions.Status"})"s + '\0')
        client.send_bytes({&byte, 1});
    expect_equal(error_of(client.reply()), "");
}

void a_client_that_leaves_amid_a_message_is_forgotten(void** /*state*/) {
    Solod solod;
    Client witness{solod.sessions()};
    const auto before = settled_descriptors(solod, witness);
    {
        std::deque<Client> clients;
        for (int i = 0; i < 20; ++i)
            clients.emplace_back(i % 2 == 0 ? solod.sessions() : solod.login()).send_bytes(R"({"method":)");
        await([&] { return solod.descriptors() >= before + 20; }, "all are served");
    }
    await([&] { return solod.descriptors() == before; }, "all are forgotten");
    expect_alive(solod);
}

/// Both limits are ten seconds; the clients wait for them together.
void who_is_too_slow_is_dropped(void** /*state*/) {
    Solod solod;
    Client witness{solod.sessions()};
    const auto before = settled_descriptors(solod, witness);
    Client half{solod.sessions(), user(bob)};
    half.send_bytes(R"({"method":)");
    Client idle{solod.sessions(), user(bob)};
    Client deaf{solod.sessions(), user(bob)};
    const std::string call = Json{{"method", service + "GetInterfaceDescription"},
                                  {"parameters", {{"interface", "org.pamsolo.Sessions"}}}}
                                 .dump() +
                             '\0';
    while (::send(deaf.fd(), call.data(), call.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
    }
    expect_alive(solod); // nobody else notices
    expect(half.is_dropped(), "half a message is not waited for");
    expect_equal(error_of(idle.call(sessions + "Status")), "");
    idle.close();
    await([&] { return solod.descriptors() == before; }, "who takes no reply is dropped");
    expect_alive(solod);
}

void one_user_cannot_take_all_connections(void** /*state*/) {
    Solod solod;
    std::deque<Client> clients;
    for (int i = 0; i < 64; ++i)
        expect_equal(error_of(clients.emplace_back(solod.sessions(), user(bob)).call(sessions + "Status")),
                     "");
    for (int i = 0; i < 3; ++i) {
        Client one_more{solod.sessions(), user(bob)};
        expect_equal(one_more.reply().at("error").get<std::string>(), sessions + "TooManyConnections");
        expect(one_more.is_dropped(), "and no more");
    }
    expect_alive(solod); // others are served
    for (Client& client : clients)
        expect_equal(error_of(client.call(sessions + "Status")), "");
    clients.pop_back();
    await(
        [&] {
            Client again{solod.sessions(), user(bob)};
            ::shutdown(again.fd(), SHUT_WR);
            try {
                return error_of(again.reply()) != "TooManyConnections";
            } catch (const std::runtime_error&) {
                return true; // it was served, and nothing was asked
            }
        },
        "a place is free again");
}

void root_is_not_limited(void** /*state*/) {
    Solod solod;
    std::deque<Client> clients;
    for (int i = 0; i < 80; ++i)
        expect_equal(error_of(clients.emplace_back(solod.sessions()).call(sessions + "Status")), "");
}

// Who may.

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
    expect_equal(validity.at("message").get<std::string>(), "The session was ended on request.");
    const Json again = client.call(sessions + "End", {{"id", access.id}});
    expect_equal(again.at("parameters").at("session").at("state").get<std::string>(), "ended");
}

// Watching.

/// The next event as "KIND ACCOUNT".
std::string next_event(Client& watcher) {
    const Json reply = watcher.reply();
    const Json event = reply.at("parameters").at("event");
    expect(reply.value("continues", false), "more follow");
    const std::string account =
        event.contains("session") ? event.at("session").at("account").get<std::string>() : "nobody";
    return event.at("kind").get<std::string>() + " " + account;
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

// Logging in.

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
    const auto with_line = solod.descriptors();
    program.close_line();
    await([&] { return solod.descriptors() < with_line; }, "solod knows that the line is closed");
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

// The daemon itself.

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
    if (::geteuid() != 0) {
        print_message("only root can be every user\n");
        return 77;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const CMUnitTest tests[] = {
        SOLO_TEST(both_sockets_say_who_they_are),
        SOLO_TEST(interfaces_and_methods_that_are_not_there_are_told_apart),
        SOLO_TEST(a_wrong_parameter_is_named),
        SOLO_TEST(unknown_fields_are_ignored),
        SOLO_TEST(flags_are_kept_to_their_methods),
        SOLO_TEST(a_oneway_call_is_not_answered),
        SOLO_TEST(calls_that_come_together_are_answered_in_order),
        SOLO_TEST(a_call_behind_one_that_waits_is_answered_after_it),
        SOLO_TEST(what_is_no_call_drops_the_connection_alone),
        SOLO_TEST(a_message_over_the_limit_drops_the_connection_alone),
        SOLO_TEST(a_message_in_single_bytes_is_understood),
        SOLO_TEST(a_client_that_leaves_amid_a_message_is_forgotten),
        SOLO_TEST(who_is_too_slow_is_dropped),
        SOLO_TEST(one_user_cannot_take_all_connections),
        SOLO_TEST(root_is_not_limited),
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
        SOLO_TEST(a_session_opens_is_confirmed_and_closes),
        SOLO_TEST(a_second_login_is_refused_with_the_reason),
        SOLO_TEST(a_hidden_holder_is_not_in_the_refusal),
        SOLO_TEST(hostile_names_are_escaped_in_the_refusal),
        SOLO_TEST(what_is_not_a_login_is_ignored_and_root_is_exempt),
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
        SOLO_TEST(sigterm_stops_it_and_leaves_sessions_alone),
        SOLO_TEST(a_killed_one_knows_its_sessions_again),
        SOLO_TEST(what_a_session_needs_outlives_the_daemon),
        SOLO_TEST(a_kept_line_that_closes_frees_an_unwatched_leaders_slot),
        SOLO_TEST(a_leader_that_dies_meanwhile_is_known_by_its_kept_pidfd),
        SOLO_TEST(descriptors_of_sessions_that_are_over_are_dropped),
        SOLO_TEST(a_manager_that_does_not_listen_holds_nobody_up),
        SOLO_TEST(a_rule_for_a_group_holds_after_a_restart),
        SOLO_TEST(a_second_one_does_not_start),
        SOLO_TEST(a_reload_that_fails_keeps_the_old_configuration),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
