// SPDX-License-Identifier: MIT
#pragma once

#include "pam_module/line.hpp"

#include <memory>
#include <optional>
#include <string>

#include <security/pam_modules.h>

namespace solo::pam {

/// What the module knows of the session between open and close; kept in the PAM handle, which owns it.
struct Session {
    std::string id;           ///< empty where the daemon said that this is no login
    std::optional<Line> line; ///< nothing where there is no id
    std::string account = {}; ///< whose it is; empty where there is no id

    /// Whether this process has opened it for this account and the daemon is at the line.
    [[nodiscard]] bool is_open_for(const std::string& name) const {
        return !id.empty() && account == name && line && line->is_live();
    }
};

/// Keeps the session and puts its id into the PAM environment (SOLO_SESSION_ID). False, with nothing kept,
/// where that does not work.
[[nodiscard]] bool keep_session(pam_handle_t* pamh, std::unique_ptr<Session> session);

/// The session of this PAM handle, or null. Still the handle's.
Session* session_of(pam_handle_t* pamh);

/// The id in the PAM environment, for a program that closes with another handle than it opened; else empty.
std::string session_id_in_environment(pam_handle_t* pamh);

/// Drops the session, with its line, and its id.
void forget_session(pam_handle_t* pamh);

} // namespace solo::pam
