// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/client.hpp"
#include "protocol/sessions_messages.hpp"

#include <functional>
#include <vector>

namespace solo::ctl {

/// Gives the sessions that solod lists for this question to `take`, oldest first. There may be millions.
void for_each_session(Client& client, const protocol::sessions::List& question,
                      const std::function<void(protocol::Session)>& take);

/// The same at once, for questions that have few answers.
std::vector<protocol::Session> list_sessions(Client& client, const protocol::sessions::List& question);

/// Prints them as the JSON array that --json promises: nothing of it where something goes wrong.
void print_json_list(Client& client, const protocol::sessions::List& question);

} // namespace solo::ctl
