// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/client.hpp"
#include "protocol/sessions_messages.hpp"

#include <vector>

namespace solo::ctl {

/// The sessions that solod lists for this question, oldest first.
std::vector<protocol::Session> list_sessions(Client& client, const protocol::sessions::List& question);

/// The sessions as the JSON array that --json prints.
protocol::Json to_json(const std::vector<protocol::Session>& sessions);

} // namespace solo::ctl
