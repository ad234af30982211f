// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/account_lookup.hpp"

#include <security/pam_modules.h>

namespace solo::pam {

/// Who logs in: the account that PAM_USER names, without its groups. Blocks as long as NSS does.
tl::expected<protocol::Account, protocol::NoAccount> account_of(pam_handle_t* pamh);

} // namespace solo::pam
