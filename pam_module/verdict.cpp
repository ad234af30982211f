// SPDX-License-Identifier: MIT
#include "pam_module/verdict.hpp"

#include "pam_module/account.hpp"
#include "pam_module/audit.hpp"
#include "pam_module/log.hpp"
#include "pam_module/phase.hpp"

#include <algorithm>

#include <security/pam_modutil.h>
#include <syslog.h>

namespace solo::pam {

namespace {

bool may_break_glass(const Phase& phase, const protocol::Account& account) {
    if (phase.options.break_glass.empty())
        return false;
    const group* const entry = pam_modutil_getgrnam(phase.pamh, phase.options.break_glass.c_str());
    if (entry == nullptr)
        return false;
    const auto gids = protocol::look_up_groups(account);
    return gids && std::ranges::find(*gids, entry->gr_gid) != gids->end();
}

/// Why a failure does not deny this login; empty where it does.
std::string excuse(const Phase& phase, const protocol::Account& account) {
    if (account.uid == 0U)
        return "uid 0";
    if (may_break_glass(phase, account))
        return "break_glass=" + phase.options.break_glass;
    return phase.options.allow_unavailable ? "on_unavailable=allow" : "";
}

int let_in(const Phase& phase, const std::string& name, const std::string& why, const std::string& reason) {
    log(phase, LOG_CRIT, name + " let in without solod; allowed by " + why + "; solod: " + reason);
    return PAM_SUCCESS;
}

} // namespace

int refused(const Phase& phase, const protocol::Account& account, const protocol::login::Refused& refusal) {
    log(phase, LOG_NOTICE, account.name + " refused by " + refusal.rule + ": " + refusal.message);
    audit_refusal(phase);
    return PAM_PERM_DENIED;
}

int unanswered(const Phase& phase, const protocol::Account& account, const std::string& reason) {
    if (const auto why = excuse(phase, account); !why.empty())
        return let_in(phase, account.name, why, reason);
    log(phase, LOG_ERR, account.name + " denied without solod: " + reason);
    return PAM_PERM_DENIED;
}

int without_account(const Phase& phase, const protocol::NoAccount& why) {
    if (why.is_failure && phase.options.allow_unavailable)
        return let_in(phase, "an account", "on_unavailable=allow", why.reason);
    log(phase, LOG_ERR, "denied: " + why.reason);
    return PAM_PERM_DENIED;
}

} // namespace solo::pam
