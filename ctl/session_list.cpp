// SPDX-License-Identifier: MIT
#include "ctl/session_list.hpp"

namespace solo::ctl {

namespace sessions = protocol::sessions;

std::vector<protocol::Session> list_sessions(Client& client, const sessions::List& question) {
    std::vector<protocol::Session> found;
    for (auto& reply : client.call_more<sessions::NoSuchSession>(question))
        found.push_back(std::move(reply.session));
    return found;
}

protocol::Json to_json(const std::vector<protocol::Session>& sessions) {
    return protocol::encode(sessions);
}

} // namespace solo::ctl
