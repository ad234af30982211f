// SPDX-License-Identifier: MIT
#include "pam_module/account.hpp"

namespace solo::pam {

tl::expected<protocol::Account, protocol::NoAccount> account_of(pam_handle_t* pamh) {
    const void* item = nullptr;
    if (pam_get_item(pamh, PAM_USER, &item) != PAM_SUCCESS || item == nullptr)
        return tl::unexpected{protocol::NoAccount{false, "the login program names no account"}};
    return protocol::look_up_account(static_cast<const char*>(item));
}

} // namespace solo::pam
