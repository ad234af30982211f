// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace solo::pam {

struct Phase;

/// Writes one line to the system log, with all that may be foreign in it escaped.
void log(const Phase& phase, int priority, std::string_view text);

/// The same at LOG_DEBUG, where the module's argument `debug` asks for it.
void log_debug(const Phase& phase, std::string_view text);

} // namespace solo::pam
