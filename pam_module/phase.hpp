// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/deadline.hpp"
#include "protocol/module_options.hpp"

#include <security/pam_modules.h>

namespace solo::pam {

/// One call of the login program: what it gave, and by when it has its answer.
struct Phase {
    pam_handle_t* pamh;
    bool silent; ///< PAM_SILENT: say nothing to the person
    protocol::ModuleOptions options;
    protocol::Deadline deadline;
};

/// Explains a login that would not get in, or asks. Changes nothing.
int check_login(const Phase& phase);

/// Has the session decided and recorded.
int open_session(const Phase& phase);

/// Says that the session is over. PAM_SESSION_ERR where it could not be said: the login programs go on from
/// there as they would have (sshd, login and su do not look at it, and libpam runs the rest of the stack),
/// and the session ends by itself when its leader exits.
int close_session(const Phase& phase);

} // namespace solo::pam
