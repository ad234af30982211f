// SPDX-License-Identifier: MIT
// What the module says to the person, by the login program's conversation. With PAM_SILENT nothing is said.
#pragma once

#include <string>

namespace solo::pam {

struct Phase;

/// As PAM_TEXT_INFO, which login programs leave out where it would get into a command's output: sshd shows it
/// with a shell only (session.c, do_login), su not with -c (util-linux, su_pam_conv).
void tell(const Phase& phase, const std::string& text);
/// As PAM_ERROR_MSG. For the account phase: in the session phase it would get into sftp and scp.
void tell_error(const Phase& phase, const std::string& text);

/// Whether the person answers yes. An answer that is no clear yes, and nobody there to ask, is a no.
bool ask(const Phase& phase, const std::string& question);

} // namespace solo::pam
