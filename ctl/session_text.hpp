// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/sessions_messages.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace solo::ctl {

/// The sessions as a table that fits the terminal, "No sessions." where there is none. The one with the id
/// `own` has a star, in a column that is there only where it is.
std::string session_table(const std::vector<protocol::Session>& sessions, std::string_view own);

/// The same with why and when each is over.
std::string history_table(const std::vector<protocol::Session>& sessions);

/// "from 10.0.0.5 (sshd) since 10:02:26", as the end of a sentence.
std::string since_text(const protocol::Session& session);

/// All that is known of one session, a line a field.
std::string session_details(const protocol::Session& session);

} // namespace solo::ctl
