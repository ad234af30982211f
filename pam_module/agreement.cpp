// SPDX-License-Identifier: MIT
#include "pam_module/agreement.hpp"

#include <string_view>

namespace solo::pam {

bool remember_agreement(pam_handle_t* pamh) {
    return pam_putenv(pamh, "SOLO_TAKEOVER=1") == PAM_SUCCESS;
}

bool take_agreement(pam_handle_t* pamh) {
    const char* const value = pam_getenv(pamh, "SOLO_TAKEOVER");
    if (value == nullptr)
        return false;
    const bool agreed = std::string_view{value} == "1";
    (void)pam_putenv(pamh, "SOLO_TAKEOVER");
    return agreed;
}

} // namespace solo::pam
