// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/sessions_messages.hpp"

#include <string>
#include <vector>

namespace solo::ctl {

/// The sessions as a table that fits the terminal, "No sessions." where there is none.
std::string session_table(const std::vector<protocol::Session>& sessions);

/// All that is known of one session, a line a field.
std::string session_details(const protocol::Session& session);

} // namespace solo::ctl
