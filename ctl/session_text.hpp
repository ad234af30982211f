// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/sessions_messages.hpp"

#include <string>
#include <vector>

namespace solo::ctl {

/// The sessions as a table that fits the terminal, "No sessions." where there is none.
std::string session_table(const std::vector<protocol::Session>& sessions);

/// The same with why and when each is over.
std::string history_table(const std::vector<protocol::Session>& sessions);

/// "from 10.0.0.5 (sshd) since 10:02:26", as the end of a sentence.
std::string since_text(const protocol::Session& session);

/// All that is known of one session, a line a field.
std::string session_details(const protocol::Session& session);

} // namespace solo::ctl
