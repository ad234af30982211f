// SPDX-License-Identifier: MIT
// The person's yes to ending the holder, on its way from the account phase to the session phase. It goes
// through the PAM environment because sshd may run the two in different processes. Whoever can write there
// acts for the person already, and the daemon still decides what a yes is worth.
#pragma once

#include <security/pam_modules.h>

namespace solo::pam {

/// False where it could not be kept.
[[nodiscard]] bool remember_agreement(pam_handle_t* pamh);

/// Whether a yes was there; it is gone afterwards.
bool take_agreement(pam_handle_t* pamh);

} // namespace solo::pam
