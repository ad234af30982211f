// SPDX-License-Identifier: MIT
// The sentences that people read. All foreign text in them is escaped.
#pragma once

#include "daemon/core/registry.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace solo {

/// Where a login comes from: "10.0.0.5 (sshd)", "tty1 (login)" or "sshd".
std::string origin_text(const protocol::Origin& origin);

/// That the account is logged in, with the site's own Message=: what stands before the question whether to
/// end that session, and the reason of the refusal where that is not answered with yes.
std::string question_text(const Verdict& verdict, const protocol::Account& account, const Rules& rules);

/// Why a login is refused, for the person who wants it, with the site's own Message=.
std::string refusal_text(const Verdict& verdict, const protocol::Account& account, const Rules& rules);

/// What Enforce=yes would have done to a login that is granted in a trial, and the rule that says so.
std::string trial_text(const Verdict& verdict, const Rules& rules);

/// What the person who is logged in now has to know of sessions that were superseded; nothing where there is
/// nothing to know.
std::optional<std::string> grant_text(const Answer& answer, const Rules& rules);

/// The alert that an account's logins keep superseding each other.
std::string contested_text(const Contested& contest);

/// What is written to the terminals of a session that a login from `successor` supersedes.
std::string superseded_text(const protocol::Origin& successor, bool reveals);

/// What is written to the terminals of a session that somebody ends: their words, or ours where they had
/// none.
std::string terminated_text(const std::string& words);

/// What is written to the terminals of a session that will reach its longest time in `left`, and then.
std::string expiring_text(std::chrono::milliseconds left);
std::string expired_text();

/// What is written to the terminals of a session that has been idle for so long and will be ended in `left`,
/// and then.
std::string idling_text(std::chrono::milliseconds idle, std::chrono::milliseconds left);
std::string idle_text(std::chrono::milliseconds timeout);

/// Why a session is over or being ended, for its owner; superseded by a login from where, if that is known.
std::string ended_text(const Session& session,
                       const std::optional<protocol::Origin>& successor = std::nullopt);

} // namespace solo
