// SPDX-License-Identifier: MIT
#include "ctl/session_list.hpp"

#include "ctl/output.hpp"
#include "ctl/spool.hpp"

namespace solo::ctl {

namespace sessions = protocol::sessions;

void for_each_session(Client& client, const sessions::List& question,
                      const std::function<void(protocol::Session)>& take) {
    client.call_more<sessions::NoSuchSession>(
        question, [&](sessions::SessionReply reply) { take(std::move(reply.session)); });
}

std::vector<protocol::Session> list_sessions(Client& client, const sessions::List& question) {
    std::vector<protocol::Session> found;
    for_each_session(client, question,
                     [&](protocol::Session session) { found.push_back(std::move(session)); });
    return found;
}

void print_json_list(Client& client, const sessions::List& question) {
    Spool elements;
    for_each_session(client, question, [&](const protocol::Session& session) {
        elements.add(json_element(protocol::to_json(session)));
    });
    LongText text;
    text.add("[");
    const char* before = "\n";
    elements.for_each([&](std::string_view element) {
        text.add(std::exchange(before, ",\n"));
        text.add(element);
    });
    text.add(elements.is_empty() ? "]\n" : "\n]\n");
    text.end();
}

} // namespace solo::ctl
