// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/login_messages.hpp"

#include <string>

#include <tl/expected.hpp>

#include <security/pam_modules.h>

namespace solo::pam {

/// Why it cannot be said who logs in.
struct NoAccount {
    bool is_failure = false; ///< NSS failed; else the name is one that no account may have
    std::string reason;
};

/// Who logs in: the canonical name of the uid of PAM_USER and all groups of that account, or PAM_USER itself
/// where NSS does not know it. Blocks as long as NSS does.
tl::expected<protocol::Account, NoAccount> account_of(pam_handle_t* pamh);

} // namespace solo::pam
