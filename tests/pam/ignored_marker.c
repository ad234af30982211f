/* SPDX-License-Identifier: MIT
 * A PAM module that leaves a mark in the PAM environment. It stands where a stack only gets to when the module
 * before it returned PAM_IGNORE, which libpam otherwise shows to nobody. */
#include <security/pam_modules.h>

static int mark(pam_handle_t *pamh) {
    return pam_putenv(pamh, "TEST_IGNORED=1");
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}

int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    (void)flags, (void)argc, (void)argv;
    return mark(pamh);
}
