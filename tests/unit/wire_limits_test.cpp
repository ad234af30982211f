// SPDX-License-Identifier: MIT
// Clients that do not play along: what breaks a limit is dropped, and nobody else notices.
#include "tests/unit/wire_scene.hpp"

#include <csignal>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <sys/socket.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

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

void users_leave_descriptors_for_logins_where_there_are_few(void** /*state*/) {
    Solod solod{{}, 128};
    std::deque<Client> clients;
    const auto is_served = [&](int uid) {
        return error_of(clients.emplace_back(solod.sessions(), user(uid)).call(sessions + "Status")) == "";
    };
    for (int uid = 62000; uid < 62004; ++uid) {
        for (int i = 0; i < 8; ++i)
            expect(is_served(uid), "there is room for all of them");
        Client one_more{solod.sessions(), user(uid)};
        expect_equal(error_of(one_more.reply()), "TooManyConnections");
    }
    Client somebody_else{solod.sessions(), user(bob)};
    expect_equal(error_of(somebody_else.reply()), "TooManyConnections");
    expect_equal(error_of(Client{solod.sessions()}.call(sessions + "Status")), "");
    Client login_program{solod.login()};
    log_in(login_program, "alice", alice);
    expect_within(solod.log(), "no more than 128 files may be open (RLIMIT_NOFILE), two of them for each "
                               "session: users have 32 connections in all, not 4096");
}

void root_is_not_limited(void** /*state*/) {
    Solod solod;
    std::deque<Client> clients;
    for (int i = 0; i < 80; ++i)
        expect_equal(error_of(clients.emplace_back(solod.sessions()).call(sessions + "Status")), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(what_is_no_call_drops_the_connection_alone),
        SOLO_TEST(a_message_over_the_limit_drops_the_connection_alone),
        SOLO_TEST(a_message_in_single_bytes_is_understood),
        SOLO_TEST(a_client_that_leaves_amid_a_message_is_forgotten),
        SOLO_TEST(who_is_too_slow_is_dropped),
        SOLO_TEST(one_user_cannot_take_all_connections),
        SOLO_TEST(users_leave_descriptors_for_logins_where_there_are_few),
        SOLO_TEST(root_is_not_limited),
    };
    return run_as_root(tests);
}
