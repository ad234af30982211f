// SPDX-License-Identifier: MIT
#include "pam_module/account.hpp"
#include "pam_module/agreement.hpp"
#include "pam_module/conversation.hpp"
#include "pam_module/log.hpp"
#include "pam_module/nonce.hpp"
#include "pam_module/origin.hpp"
#include "pam_module/phase.hpp"
#include "pam_module/session.hpp"
#include "pam_module/solod.hpp"
#include "pam_module/verdict.hpp"

#include <memory>
#include <string>

#include <syslog.h>

namespace solo::pam {

namespace {

using protocol::Account;
using protocol::login::Open;

/// The daemon says that this is no login; close has to know.
int ignore(const Phase& phase) {
    if (keep_session(phase.pamh, std::make_unique<Session>()))
        return PAM_IGNORE;
    log(phase, LOG_ERR, "denied: the session cannot be kept");
    return PAM_PERM_DENIED;
}

/// The session is on record: from here on it is kept, or closed again.
int granted(const Phase& phase, const Account& account, const Solod& solod, Opened opened) {
    auto session =
        std::make_unique<Session>(Session{.id = opened.id, .line = Line{std::move(opened.channel)}});
    if (!keep_session(phase.pamh, std::move(session))) {
        log(phase, LOG_ERR, account.name + " denied: the session cannot be kept");
        (void)solod.close(opened.id);
        return PAM_PERM_DENIED;
    }
    log_debug(phase, account.name + ": session " + opened.id + " opened");
    if (opened.notice)
        tell(phase, *opened.notice);
    return PAM_SUCCESS;
}

} // namespace

int open_session(const Phase& phase) {
    const bool agreed = take_agreement(phase.pamh);
    auto account = account_of(phase.pamh);
    if (!account)
        return without_account(phase, account.error());
    const auto nonce = fresh_nonce();
    if (!nonce)
        return unanswered(phase, *account, "the kernel has no random numbers yet");

    const Open open{.account = *account,
                    .origin = origin_of(phase.pamh),
                    .nonce = *nonce,
                    .takeover = agreed ? std::optional{true} : std::nullopt};
    const Solod solod{phase.options.socket, phase.deadline};
    auto opened = solod.open(open);
    if (!opened && opened.error().refused)
        return refused(phase, *account, *opened.error().refused);
    if (!opened)
        return unanswered(phase, *account, opened.error().reason);
    if (opened->id.empty())
        return ignore(phase);
    return granted(phase, *account, solod, *std::move(opened));
}

} // namespace solo::pam
