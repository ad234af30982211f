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

/// The service's file has our line twice, or includes it a second time: one login is one session, and the
/// second slot that would be asked for is taken by the first.
int opened_already(const Phase& phase, const Session& session) {
    log(phase, LOG_NOTICE,
        session.account + ": session " + session.id +
            " is open already; the session line of pam_solo may stand twice in this service's file");
    return PAM_SUCCESS;
}

/// The session is on record: from here on it is kept, or closed again.
int granted(const Phase& phase, const Account& account, const Solod& solod, Opened opened) {
    auto session = std::make_unique<Session>(
        Session{.id = opened.id, .line = Line{std::move(opened.channel)}, .account = account.name});
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
    if (const auto* const session = session_of(phase.pamh);
        session != nullptr && session->is_open_for(account->name))
        return opened_already(phase, *session);
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
