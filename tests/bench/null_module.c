/* SPDX-License-Identifier: MIT
 * What no PAM module can be lighter than. */
#include <stddef.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#define ENTRY(name)                                                                                                    \
    int name(pam_handle_t* pamh, int flags, int argc, const char** argv) {                                             \
        (void)flags, (void)argc, (void)argv;                                                                           \
        if (pamh == NULL)                                                                                              \
            pam_syslog(pamh, 0, "never");                                                                              \
        return PAM_IGNORE;                                                                                             \
    }

ENTRY(pam_sm_authenticate)
ENTRY(pam_sm_setcred)
ENTRY(pam_sm_acct_mgmt)
ENTRY(pam_sm_open_session)
ENTRY(pam_sm_close_session)
ENTRY(pam_sm_chauthtok)
