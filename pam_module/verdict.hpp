// SPDX-License-Identifier: MIT
// What becomes of a login that was not simply granted. Each of these says it to the log.
#pragma once

#include "protocol/account_lookup.hpp"

#include <string>

#include <tl/expected.hpp>

namespace solo::pam {

struct Phase;

/// The daemon's decision against the login. Always PAM_PERM_DENIED: PAM_SESSION_ERR would be let pass by
/// sudo.
int refused(const Phase& phase, const protocol::Account& account, const protocol::login::Refused& refusal);

/// The daemon could not be asked: PAM_PERM_DENIED, or PAM_SUCCESS where on_unavailable=allow, or the account
/// is root's or in the break_glass group.
int unanswered(const Phase& phase, const protocol::Account& account, const std::string& reason);

/// It cannot be said who logs in: a name that no account may have is denied, and where NSS failed only
/// on_unavailable can let the login in.
int without_account(const Phase& phase, const protocol::NoAccount& why);

} // namespace solo::pam
