// SPDX-License-Identifier: MIT
#include "tests/unit/wire_scene.hpp"

#include <chrono>
#include <thread>

namespace solo::testing {

Identity user(int uid) {
    const auto id = static_cast<unsigned>(uid);
    return {.uid = id, .gid = id, .groups = {}};
}

void expect_alive(const Solod& solod) {
    expect_equal(error_of(Client{solod.sessions()}.call(sessions + "Status")), "");
    expect_equal(error_of(Client{solod.sessions(), user(carol)}.call(sessions + "Status")), "");
    expect_equal(error_of(Client{solod.login()}.call(service + "GetInfo")), "");
}

void await(const std::function<bool()>& question, const char* what) {
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

std::string listed(Client& client, const Json& parameters) {
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

std::size_t settled_descriptors(Solod& solod, Client& client) {
    expect_equal(error_of(client.call(sessions + "Status")), ""); // what it does at its start is over
    return solod.descriptors();
}
std::string next_event(Client& watcher) {
    const Json reply = watcher.reply();
    const Json event = reply.at("parameters").at("event");
    expect(reply.value("continues", false), "more follow");
    const std::string account =
        event.contains("session") ? event.at("session").at("account").get<std::string>() : "nobody";
    return event.at("kind").get<std::string>() + " " + account;
}

} // namespace solo::testing
