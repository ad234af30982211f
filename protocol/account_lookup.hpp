// SPDX-License-Identifier: MIT
// What an account is. The module and the daemon find it out in the same way, so that a person who logs in
// through both is one account.
#pragma once

#include "protocol/login_messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo::protocol {

/// Why it cannot be said which account a name means.
struct NoAccount {
    bool is_failure = false; ///< NSS failed; else the name is one that no account may have
    std::string reason;
};

/// The account that goes by this name: the canonical name of its uid, or the name itself where NSS does not
/// know it. Its groups are not looked up. Blocks as long as NSS does. Thread-safe.
tl::expected<Account, NoAccount> look_up_account(const std::string& name);

/// All groups of an account; none of one that NSS does not know. Takes much longer than the account itself:
/// NSS asks every service for groups (initgroups in nsswitch.conf(5)), and nss-systemd looks into five
/// directories. Blocks and is thread-safe like look_up_account().
tl::expected<std::vector<std::uint32_t>, NoAccount> look_up_groups(const Account& account);

/// Both.
tl::expected<Account, NoAccount> look_up_account_and_groups(const std::string& name);

} // namespace solo::protocol
