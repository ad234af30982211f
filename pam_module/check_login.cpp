// SPDX-License-Identifier: MIT
#include "pam_module/account.hpp"
#include "pam_module/agreement.hpp"
#include "pam_module/conversation.hpp"
#include "pam_module/log.hpp"
#include "pam_module/origin.hpp"
#include "pam_module/phase.hpp"
#include "pam_module/solod.hpp"
#include "pam_module/verdict.hpp"

#include <string>

#include <syslog.h>

namespace solo::pam {

namespace {

using protocol::Account;
using protocol::Decision;
using protocol::login::Check;
using protocol::login::Refused;

constexpr const char* unavailable_text = "Logins cannot be checked now; please try again later.";
constexpr const char* refused_text = "This account is already logged in.";

int refuse(const Phase& phase, const Account& account, const Refused& refusal) {
    tell_error(phase, refusal.message);
    return refused(phase, account, refusal);
}

/// Where nobody can be asked (sshd's password method has no prompt), how things stand reads as if that
/// session had been ended; here is what became of the question.
constexpr const char* unasked_text =
    " You cannot be asked here whether to end that session, so this login is refused.";

/// The message says how things stand; the question is the module's.
int ask_for_takeover(const Phase& phase, const Account& account, const Refused& refusal) {
    const Answer answer = ask(phase, refusal.message + " End that session? [y/N] ");
    if (answer == Answer::nobody)
        tell_error(phase, refusal.message + unasked_text);
    if (answer == Answer::no)
        tell_error(phase, refusal.message);
    if (answer != Answer::yes)
        return refused(phase, account, refusal);
    if (remember_agreement(phase.pamh))
        return PAM_SUCCESS;
    log(phase, LOG_ERR, account.name + " denied: the answer cannot be kept");
    return PAM_PERM_DENIED;
}

int decide(const Phase& phase, const Account& account, const Check::Reply& reply) {
    const Refused refusal{.message = reply.message.value_or(refused_text), .holder = {}, .rule = reply.rule};
    switch (reply.decision) {
    case Decision::ignore:
        return PAM_IGNORE;
    case Decision::grant:
    case Decision::supersede:
        return PAM_SUCCESS;
    case Decision::ask:
        return ask_for_takeover(phase, account, refusal);
    case Decision::refuse:
        break;
    }
    return refuse(phase, account, refusal);
}

} // namespace

int check_login(const Phase& phase) {
    (void)take_agreement(phase.pamh); // a yes to an earlier question is none to this one
    auto account = account_of(phase.pamh);
    if (!account)
        return without_account(phase, account.error());
    const Check check{.account = *account, .origin = origin_of(phase.pamh)};
    const auto reply = Solod{phase.options.socket, phase.deadline}.check(check);
    if (reply) {
        log_debug(phase, account->name + ": " + std::string{name_of(reply->decision)} + " by " + reply->rule);
        return decide(phase, *account, *reply);
    }
    if (reply.error().refused)
        return refuse(phase, *account, *reply.error().refused);
    const int result = unanswered(phase, *account, reply.error().reason);
    if (result != PAM_SUCCESS)
        tell_error(phase, unavailable_text);
    return result;
}

} // namespace solo::pam
