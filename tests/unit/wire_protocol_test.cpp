// SPDX-License-Identifier: MIT
// What solod says on the wire to a client that keeps to the protocol.
#include "tests/unit/wire_scene.hpp"

#include <map>
#include <string>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

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

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(both_sockets_say_who_they_are),
        SOLO_TEST(interfaces_and_methods_that_are_not_there_are_told_apart),
        SOLO_TEST(a_wrong_parameter_is_named),
        SOLO_TEST(unknown_fields_are_ignored),
        SOLO_TEST(flags_are_kept_to_their_methods),
        SOLO_TEST(a_oneway_call_is_not_answered),
        SOLO_TEST(calls_that_come_together_are_answered_in_order),
        SOLO_TEST(a_call_behind_one_that_waits_is_answered_after_it),
    };
    return run_as_root(tests);
}
