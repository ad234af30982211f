// SPDX-License-Identifier: MIT
#include "pam_module/log.hpp"

#include "pam_module/phase.hpp"
#include "protocol/printable.hpp"

#include <security/pam_ext.h>
#include <syslog.h>

namespace solo::pam {

void log(const Phase& phase, int priority, std::string_view text) {
    pam_syslog(phase.pamh, priority, "%s", protocol::printable(text).c_str());
}

void log_debug(const Phase& phase, std::string_view text) {
    if (phase.options.debug)
        log(phase, LOG_DEBUG, text);
}

} // namespace solo::pam
