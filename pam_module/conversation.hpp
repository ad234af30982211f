// SPDX-License-Identifier: MIT
// What the module says to the person, by the login program's conversation. With PAM_SILENT nothing is said.
#pragma once

#include <string>

namespace solo::pam {

struct Phase;

void tell(const Phase& phase, const std::string& text);
void tell_error(const Phase& phase, const std::string& text);

/// Whether the person answers yes. An answer that is no clear yes, and nobody there to ask, is a no.
bool ask(const Phase& phase, const std::string& question);

} // namespace solo::pam
