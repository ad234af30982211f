// SPDX-License-Identifier: MIT
// Clients that try to hurt solod. Whatever they do, and however often: it lives, others are served meanwhile,
// and afterwards it has the memory and the descriptors that it had before.
#include "tests/unit/wire_scene.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/socket.h>

using namespace solo::testing;
using namespace std::string_literals;

namespace {

/// How much more memory solod may have after an abuse than after the same abuse before. A sanitizer keeps
/// what is freed, so that nothing can be said there.
constexpr std::size_t memory_margin = std::size_t{SOLO_SANITIZED ? 1 << 30 : 512 << 10};

/// What a user does to solod; the connections are over when it returns.
using Abuse = std::function<void(Solod&)>;

/// Has solod abused some times, while somebody else asks it something.
void withstand(Solod& solod, const Abuse& abuse) {
    Client bystander{solod.sessions(), user(carol)};
    const auto descriptors = settled_descriptors(solod, bystander);
    std::size_t memory = 0;
    for (int time = 0; time < 4; ++time) {
        abuse(solod);
        expect_equal(error_of(bystander.call(sessions + "Status")), "");
        if (time == 0) // what it keeps for the next time it has now
            memory = solod.memory();
    }
    await([&] { return solod.descriptors() <= descriptors + left_by_checkpoint; },
          "the descriptors are as before");
    expect(solod.memory() <= memory + memory_margin,
           fmt::format("it had {} bytes and has {}", memory, solod.memory()));
    expect_alive(solod);
}

/// Both sockets, and who may speak there.
const std::vector<std::pair<bool, Identity>> doors{{true, {}}, {false, {}}, {false, user(bob)}};

Client enter(const Solod& solod, const std::pair<bool, Identity>& door) {
    return Client{door.first ? solod.login() : solod.sessions(), door.second};
}

/// "dropped", or the error of the answer, or "" where there is none.
std::string fate(const Solod& solod, const std::pair<bool, Identity>& door, const std::string& message) {
    Client client = enter(solod, door);
    client.send_bytes(message + '\0');
    try {
        return error_of(client.reply());
    } catch (const std::runtime_error&) {
        return "dropped";
    }
}

// Framing.

/// Sends a call together with as many descriptors as the kernel lets through at once (SCM_MAX_FD).
void send_with_descriptors(const Client& client, int fd, const std::string& bytes) {
    constexpr std::size_t most = 253;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most * sizeof(int))> control{};
    std::string copy = bytes;
    iovec buffer{.iov_base = copy.data(), .iov_len = copy.size()};
    msghdr header{};
    header.msg_iov = &buffer;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(most * sizeof(int));
    const std::vector<int> fds(most, fd);
    std::memcpy(CMSG_DATA(rights), fds.data(), most * sizeof(int));
    expect_equal(::sendmsg(client.fd(), &header, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

void descriptors_that_come_with_a_call_are_closed(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        for (const auto& door : doors) {
            Client client = enter(target, door);
            std::array<int, 2> ends{};
            expect_equal(::pipe2(ends.data(), O_CLOEXEC), 0);
            const UniqueFd reader{ends[0]};
            UniqueFd writer{ends[1]};
            send_with_descriptors(client, writer.get(),
                                  R"({"method":"org.varlink.service.GetInfo"})"s + '\0');
            send_with_descriptors(client, writer.get(), "{\"method\"");
            writer.reset();
            expect_equal(error_of(client.reply()), "");
            char byte = 0;
            expect_equal(::read(reader.get(), &byte, 1), 0); // the end: nobody has the other end any more
        }
    });
}

void who_says_all_at_once_and_hangs_up_is_answered(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        for (const auto& door : doors) {
            Client client = enter(target, door);
            for (int i = 0; i < 50; ++i)
                client.send(service + "GetInfo");
            client.send_bytes("{\"method\":");
            ::shutdown(client.fd(), SHUT_WR);
            for (int i = 0; i < 50; ++i)
                expect_equal(error_of(client.reply()), "");
            expect(client.is_dropped(), "after the last answer");
        }
    });
}

void who_hangs_up_before_the_answer_does_no_harm(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        for (int i = 0; i < 60; ++i)
            for (const auto& door : doors) {
                const Client client = enter(target, door);
                client.send(service + "GetInfo");
                client.send(sessions + "List", {{"ended", true}}, "more");
                client.send(sessions + "Watch", Json::object(), "more");
                client.send(login + "Open", login_of("alice", alice));
            }
    });
    await([&] { return Client{solod.sessions()}.call(sessions + "Status")["parameters"]["active"] == 0; },
          "no login has stayed open");
}

/// The end of a session may take as long as its processes like.
void who_hangs_up_before_the_end_is_forgotten(void** /*state*/) {
    Solod solod{"[Policy]\nGraceTime=10min\n"};
    LoginProgram program{solod.login(), LoginProgram::OnSigterm::ignore};
    const Json id{{"id", log_in(program, "alice", alice)}};
    const auto ask = [&](const Solod& target) {
        Client client{target.sessions()};
        expect_equal(error_of(client.call(service + "GetInfo")), ""); // so that they come one after the other
        client.send(sessions + "End", id);
    };
    ask(solod);
    await([&] { return session_of(solod, id.at("id")).at("state") == "ending"; }, "it is being ended");
    withstand(solod, [&](Solod& target) {
        for (int i = 0; i < 2000; ++i)
            ask(target);
    });
    Client patient{solod.sessions()};
    patient.send(sessions + "End", id);
    program.kill();
    expect_equal(patient.reply().at("parameters").at("session").at("state").get<std::string>(), "ended");
}

// JSON.

/// A call of List with this text for a limit, or of Get with this text for an id.
std::string with_limit(const std::string& text) {
    return R"({"method":"org.pamsolo.Sessions.List","more":true,"parameters":{"limit":)" + text + "}}";
}
std::string with_id(const std::string& text) {
    return R"({"method":"org.pamsolo.Sessions.Get","parameters":{"id":)" + text + "}}";
}

const std::map<std::string, std::string> fates{
    {with_limit("9007199254740991"), "NoSuchSession"}, // 2^53 - 1, and what no double has
    {with_limit("9007199254740993"), "NoSuchSession"},
    {with_limit("9223372036854775807"), "NoSuchSession"},
    {with_limit("9223372036854775808"), "InvalidParameter"},
    {with_limit("18446744073709551616"), "InvalidParameter"},
    {with_limit("-9223372036854775809"), "InvalidParameter"},
    {with_limit("1.0"), "InvalidParameter"},
    {with_limit("-0"), "InvalidParameter"},
    {with_limit("1e300"), "InvalidParameter"},
    {with_limit("1e400"), "dropped"},
    {with_limit("-1e400"), "dropped"},
    {with_limit("1" + std::string(400, '0')), "dropped"},
    {with_limit("NaN"), "dropped"},
    {with_limit("Infinity"), "dropped"},
    {with_limit("01"), "dropped"},
    {with_limit("0x10"), "dropped"},
    {with_limit("1,"), "dropped"},
    {with_limit("1/* */"), "dropped"},
    {with_limit("1,\"limit\":0"), "InvalidParameter"}, // the last one of a name counts
    {with_limit("0,\"limit\":1"), "NoSuchSession"},
    {with_id("\"\\u0000\""), "InvalidParameter"},
    {with_id("\"01234567-89ab-7def-8123-456789abcdef\\u0000\""), "InvalidParameter"},
    {with_id("\"\\ud83d\\ude00\""), "InvalidParameter"},
    {with_id("\"\\ud83d\""), "dropped"}, // half of a character
    {with_id("\"\\ude00\\ud83d\""), "dropped"},
    {with_id("\"\xc0\xaf\""), "dropped"}, // longer than it need be
    {with_id("\"\xe0\x80\xaf\""), "dropped"},
    {with_id("\"\xed\xa0\x80\""), "dropped"},
    {with_id("\"\xf4\x90\x80\x80\""), "dropped"},
    {with_id("\"\xe2\x82\""), "dropped"},
    {with_id("\"\x01\""), "dropped"},
    {with_id("'x'"), "dropped"},
    {with_id(std::string(14, '[') + std::string(14, ']')),
     "InvalidParameter"}, // 16 deep, with what is around
    {with_id(std::string(15, '[') + std::string(15, ']')), "dropped"},
    {with_id(std::string(30'000, '[')), "dropped"},
    {with_id("\"" + std::string(60'000, 'x') + "\""), "InvalidParameter"},
    {R"({"method":"org.pamsolo.Sessions.Status","method":"no.such.Thing"})", "InterfaceNotFound"},
    {R"({"method":"org.pamsolo.Sessions.Status\u0000"})", "MethodNotFound"},
    {R"({"method":"org.pamsolo.Sessions\u0000.Status"})", "InterfaceNotFound"},
};

void strange_json_is_read_as_the_standard_says(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        for (const auto& [message, expected] : fates)
            for (const auto& door : doors) {
                const std::string found = fate(target, door, message);
                const bool is_foreign =
                    door.first && expected != "dropped"; // of the other socket's interface
                expect(found == (is_foreign ? "InterfaceNotFound" : expected),
                       message.substr(0, 200) + found);
            }
    });
}

// The protocol.

void flags_do_not_change_what_a_login_is(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        Client client{target.login()};
        expect_equal(error_of(client.call(login + "Open", login_of("alice", alice), "upgrade")),
                     "InvalidParameter");
        Client reader{target.sessions()};
        expect_equal(listed(reader), "NoSuchSession");
        const Json opened = client.call(login + "Open", login_of("alice", alice), "more");
        expect(!opened.value("continues", false), "one answer is the last one");
        const Json id{{"id", opened.at("parameters").at("id")}};
        expect_equal(error_of(client.call(login + "Confirm", id, "upgrade")), "InvalidParameter");
        expect_equal(session_of(target, id.at("id")).at("state").get<std::string>(), "opening");
        Client unheard{target.login()};
        unheard.send(login + "Open", login_of("bob", bob), "oneway");
        expect_equal(error_of(unheard.call(service + "GetInfo")), "");
        expect_equal(listed(reader), "alice bob");
        unheard.close();
        client.close();
        await([&] { return listed(reader) == "NoSuchSession"; }, "what nobody confirmed is rolled back");
        reader.send(sessions + "Watch", Json::object(), "oneway");
        expect_equal(error_of(reader.call(sessions + "Status")), "");
    });
}

// What is said.

void who_repeats_himself_changes_nothing(void** /*state*/) {
    Solod solod;
    withstand(solod, [](Solod& target) {
        Client program{target.login()};
        const Json parameters = login_of("alice", alice);
        const std::string id = program.call(login + "Open", parameters).at("parameters").at("id");
        for (int i = 0; i < 3; ++i) {
            expect_equal(
                program.call(login + "Open", parameters).at("parameters").at("id").get<std::string>(), id);
            expect_equal(error_of(program.call(login + "Confirm", {{"id", id}})), "");
        }
        expect_equal(session_of(target, id).at("state").get<std::string>(), "active");
        for (int i = 0; i < 3; ++i)
            expect_equal(error_of(program.call(login + "Close", {{"id", id}})), "");
        expect_equal(error_of(program.call(login + "Confirm", {{"id", id}})), "");
        await_ended(target, id, "logout");
        const Json late = Client{target.sessions()}.call(sessions + "End", {{"id", id}});
        expect_equal(late.at("parameters").at("session").at("reason").get<std::string>(), "logout");
        const std::string next = program.call(login + "Open", parameters).at("parameters").at("id");
        expect(next != id, "what is over does not begin again");
        program.call(login + "Close", {{"id", next}});
    });
}

// Time and number.

/// More events for bob than fit into a socket and the queue; there is no record of them. One watcher reads.
void tell_watchers(const Solod& solod, Client& program, Client& reader) {
    for (int i = 0; i < 2500; ++i) {
        program.send(login + "Check", login_of("bob", bob));
        expect_equal(next_event(reader), "refused nobody");
        expect_equal(program.reply().at("parameters").at("decision").get<std::string>(), "refuse");
    }
    expect_alive(solod);
}

/// After the ten seconds in which it may take what it was sent.
void a_watcher_that_never_reads_is_let_go(void** /*state*/) {
    Solod solod;
    LoginProgram program{solod.login()};
    log_in(program, "bob", bob);
    Client reader{solod.sessions()};
    reader.send(sessions + "Watch", Json::object(), "more");
    Client witness{solod.sessions()};
    const auto before = settled_descriptors(solod, witness);
    std::deque<Client> deaf;
    const auto tell_the_deaf = [&] {
        for (int i = 0; i < 3; ++i)
            deaf.emplace_back(solod.sessions(), user(bob)).send(sessions + "Watch", Json::object(), "more");
        await([&] { return solod.descriptors() >= before + 2 * deaf.size(); }, "they are served");
        tell_watchers(solod, program, reader);
    };
    const auto are_gone = [&] { return solod.descriptors() <= before + left_by_checkpoint; };
    tell_the_deaf();
    deaf.clear(); // of themselves
    await(are_gone, "they are forgotten");
    const auto memory = solod.memory();
    tell_the_deaf();
    await(are_gone, "they are dropped");
    expect(solod.memory() <= memory + memory_margin,
           fmt::format("it had {} bytes and has {}", memory, solod.memory()));
    expect_alive(solod);
}

void a_thousand_connections_of_a_user_are_too_many(void** /*state*/) {
    Solod solod;
    const std::string call = R"({"method":"org.varlink.service.GetInfo"})"s + '\0';
    withstand(solod, [&](Solod& target) {
        std::deque<Client> clients;
        for (int i = 0; i < 1000; ++i)
            (void)!::send(clients.emplace_back(target.sessions(), user(bob)).fd(), call.data(), call.size(),
                          MSG_NOSIGNAL); // it may have been turned away by now
        std::map<std::string, int> answers;
        for (Client& client : clients)
            ++answers[error_of(client.reply())];
        expect_equal(answers[""], 64);
        expect_equal(answers["TooManyConnections"], 936);
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(descriptors_that_come_with_a_call_are_closed),
        SOLO_TEST(who_says_all_at_once_and_hangs_up_is_answered),
        SOLO_TEST(who_hangs_up_before_the_answer_does_no_harm),
        SOLO_TEST(who_hangs_up_before_the_end_is_forgotten),
        SOLO_TEST(strange_json_is_read_as_the_standard_says),
        SOLO_TEST(flags_do_not_change_what_a_login_is),
        SOLO_TEST(who_repeats_himself_changes_nothing),
        SOLO_TEST(a_watcher_that_never_reads_is_let_go),
        SOLO_TEST(a_thousand_connections_of_a_user_are_too_many),
    };
    return run_as_root(tests);
}
