// SPDX-License-Identifier: MIT
#include "pam_module/log.hpp"
#include "pam_module/phase.hpp"
#include "pam_module/session.hpp"
#include "pam_module/solod.hpp"

#include <string>

#include <syslog.h>

namespace solo::pam {

namespace {

/// Over the line where that still is one, else over a new connection.
tl::expected<void, Problem> close_by_id(const Solod& solod, const std::string& id, Session* session) {
    if (session != nullptr && session->line) {
        if (auto channel = session->line->take()) {
            auto closed = solod.close(id, *channel);
            if (closed || !closed.error().is_lost)
                return closed;
        }
    }
    return solod.close(id);
}

std::string text_of(const Problem& problem) {
    return problem.refused ? problem.refused->message : problem.reason;
}

} // namespace

int close_session(const Phase& phase) {
    Session* const session = session_of(phase.pamh);
    if (session != nullptr && session->id.empty()) {
        forget_session(phase.pamh);
        return PAM_IGNORE;
    }
    const std::string id = session != nullptr ? session->id : session_id_in_environment(phase.pamh);
    if (id.empty()) {
        log_debug(phase, "nothing to close");
        return PAM_SUCCESS;
    }
    const auto closed = close_by_id(Solod{phase.options.socket, phase.deadline}, id, session);
    forget_session(phase.pamh);
    if (closed) {
        log_debug(phase, "session " + id + " closed");
        return PAM_SUCCESS;
    }
    log(phase, LOG_WARNING,
        "session " + id + " is not closed, it ends with its leader; solod: " + text_of(closed.error()));
    return PAM_SESSION_ERR;
}

} // namespace solo::pam
