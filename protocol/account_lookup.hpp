// SPDX-License-Identifier: MIT
// What an account is. The module and the daemon find it out in the same way, so that a person who logs in
// through both is one account.
#pragma once

#include "protocol/login_messages.hpp"

#include <string>

#include <tl/expected.hpp>

namespace solo::protocol {

/// Why it cannot be said which account a name means.
struct NoAccount {
    bool is_failure = false; ///< NSS failed; else the name is one that no account may have
    std::string reason;
};

/// The account that goes by this name: the canonical name of its uid and all its groups, or the name itself
/// where NSS does not know it. Blocks as long as NSS does. Thread-safe.
tl::expected<Account, NoAccount> look_up_account(const std::string& name);

} // namespace solo::protocol
