// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/login_messages.hpp"

#include <security/pam_modules.h>

namespace solo::pam {

/// Where the login comes from, as the login program told PAM; a client of sshd by its address, never by a
/// name. What is no UTF-8 is escaped, so that different origins stay different on the wire, and what is long
/// is cut.
protocol::Origin origin_of(pam_handle_t* pamh);

} // namespace solo::pam
