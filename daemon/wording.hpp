// SPDX-License-Identifier: MIT
// The sentences that people read. All foreign text in them is escaped.
#pragma once

#include "daemon/core/registry.hpp"

#include <string>

namespace solo {

/// Where a login comes from: "10.0.0.5 (sshd)", "tty1 (login)" or "sshd".
std::string origin_text(const protocol::Origin& origin);

/// Why a login is refused, for the person who wants it.
std::string refusal_text(const Verdict& verdict, const Rules& rules);

/// What is written to the terminals of a session that a login from `successor` supersedes.
std::string superseded_text(const protocol::Origin& successor, const Rules& rules);

/// What is written to the terminals of a session that somebody ends: their words, or ours where they had
/// none.
std::string terminated_text(const std::string& words);

/// Why a session is over or being ended, for its owner.
std::string ended_text(const Session& session);

} // namespace solo
