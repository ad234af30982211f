// SPDX-License-Identifier: MIT
#include "pam_module/audit.hpp"

#include "pam_module/phase.hpp"

#if SOLO_HAVE_PAM_AUDIT
#include <security/pam_modutil.h>
#if __has_include(<libaudit.h>)
#include <libaudit.h>
#endif
#endif

namespace solo::pam {

#if SOLO_HAVE_PAM_AUDIT

namespace {

#ifdef AUDIT_ANOM_LOGIN_SESSIONS
constexpr int anomalous_sessions = AUDIT_ANOM_LOGIN_SESSIONS;
#else
constexpr int anomalous_sessions = 2102; // in libaudit.h; the numbers of user space are fixed
#endif

constexpr const char* written_key = "pam_solo_audited";

} // namespace

void audit_refusal(const Phase& phase) {
    const void* written = nullptr;
    if (pam_get_data(phase.pamh, written_key, &written) == PAM_SUCCESS && written != nullptr)
        return;
    (void)pam_modutil_audit_write(phase.pamh, anomalous_sessions, "pam_solo", PAM_PERM_DENIED);
    (void)pam_set_data(phase.pamh, written_key, phase.pamh, nullptr); // any data will do
}

#else

void audit_refusal(const Phase& /*phase*/) {}

#endif

} // namespace solo::pam
