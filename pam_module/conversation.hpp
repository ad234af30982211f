// SPDX-License-Identifier: MIT
// What the module says to the person, by the login program's conversation. With PAM_SILENT nothing is said.
#pragma once

#include <cstdint>
#include <string>

namespace solo::pam {

struct Phase;

/// As PAM_TEXT_INFO, which login programs leave out where it would get into a command's output: sshd shows it
/// with a shell only (session.c, do_login), su not with -c (util-linux, su_pam_conv).
void tell(const Phase& phase, const std::string& text);
/// As PAM_ERROR_MSG. For the account phase: in the session phase it would get into sftp and scp.
void tell_error(const Phase& phase, const std::string& text);

enum class Answer : std::uint8_t {
    yes,
    no,     ///< or anything that is no clear yes
    nobody, ///< the login program has no way to ask, or is to be left in peace
};

Answer ask(const Phase& phase, const std::string& question);

} // namespace solo::pam
