// SPDX-License-Identifier: MIT
#pragma once

namespace solo::pam {

struct Phase;

/// Writes to the kernel's audit log that a login was refused because of the sessions that there are, as
/// pam_limits does for maxlogins (AUDIT_ANOM_LOGIN_SESSIONS). At most once for a PAM handle, so that a login
/// program that goes on after a refused account phase makes one record. Does nothing where the kernel has no
/// auditing or libpam was built without it.
///
/// libaudit looks up the address of PAM_RHOST, which takes as long as the resolver does where that is a name.
/// libpam itself does the same for its own record of each phase.
void audit_refusal(const Phase& phase);

} // namespace solo::pam
