// SPDX-License-Identifier: MIT
// The six functions that libpam calls. Nothing but a return code leaves them.
#include "pam_module/log.hpp"
#include "pam_module/phase.hpp"
#include "pam_module/uncancelled.hpp"

#include <cstddef>
#include <new>

#include <cxxabi.h>
#include <security/pam_ext.h>
#include <syslog.h>

namespace {

using solo::pam::Phase;

Phase phase_of(pam_handle_t* pamh, int flags, int argc, const char** argv) {
    auto options = solo::protocol::parse_module_options({argv, static_cast<std::size_t>(argc)});
    const auto deadline = solo::protocol::Deadline::in(options.timeout);
    Phase phase{pamh, (static_cast<unsigned>(flags) & PAM_SILENT) != 0, std::move(options), deadline};
    for (const auto& mistake : phase.options.mistakes)
        solo::pam::log(phase, LOG_ERR, "unknown or malformed argument: " + mistake);
    return phase;
}

/// Runs a phase and turns every exception into a denial.
template<int (*Run)(const Phase&)>
int guarded(pam_handle_t* pamh, int flags, int argc, const char** argv) noexcept {
    const solo::pam::Uncancelled uncancelled;
    // Has the thread's memory for exceptions at hand: the loader aborts the program where it cannot get that
    // when the first exception, which may be that memory is short, is thrown.
    const void* const volatile kept = abi::__cxa_get_globals();
    (void)kept;
    try {
        return Run(phase_of(pamh, flags, argc, argv));
    } catch (const std::bad_alloc&) {
        pam_syslog(pamh, LOG_CRIT, "denied: out of memory");
        return PAM_BUF_ERR;
    } catch (...) {
        pam_syslog(pamh, LOG_CRIT, "denied: unexpected error");
        return PAM_PERM_DENIED;
    }
}

} // namespace

#define SOLO_ENTRY_POINT extern "C" __attribute__((visibility("default"))) int

SOLO_ENTRY_POINT pam_sm_authenticate(pam_handle_t* /*pamh*/, int /*flags*/, int /*argc*/,
                                     const char** /*argv*/) {
    return PAM_IGNORE;
}

SOLO_ENTRY_POINT pam_sm_setcred(pam_handle_t* /*pamh*/, int /*flags*/, int /*argc*/, const char** /*argv*/) {
    return PAM_IGNORE;
}

SOLO_ENTRY_POINT pam_sm_chauthtok(pam_handle_t* /*pamh*/, int /*flags*/, int /*argc*/,
                                  const char** /*argv*/) {
    return PAM_IGNORE;
}

SOLO_ENTRY_POINT pam_sm_acct_mgmt(pam_handle_t* pamh, int flags, int argc, const char** argv) {
    return guarded<solo::pam::check_login>(pamh, flags, argc, argv);
}

SOLO_ENTRY_POINT pam_sm_open_session(pam_handle_t* pamh, int flags, int argc, const char** argv) {
    return guarded<solo::pam::open_session>(pamh, flags, argc, argv);
}

SOLO_ENTRY_POINT pam_sm_close_session(pam_handle_t* pamh, int flags, int argc, const char** argv) {
    return guarded<solo::pam::close_session>(pamh, flags, argc, argv);
}
