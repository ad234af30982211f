// SPDX-License-Identifier: MIT
// What a login program does with libpam, for the programs that the integration tests run.
#pragma once

#include <optional>
#include <string>

#include <security/pam_appl.h>

namespace solo::testing {

/// Who logs in and from where, as a login program would say it.
struct LoginItems {
    std::string service = "solo-test";
    std::string account = "alice";
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> ruser;
};

/// One PAM transaction. What the modules tell the person goes to standard output as "says: TEXT".
class PamLogin {
public:
    /// Throws where libpam does not begin.
    explicit PamLogin(const LoginItems& items);
    ~PamLogin();
    PamLogin(const PamLogin&) = delete;
    PamLogin& operator=(const PamLogin&) = delete;

    // Each returns what libpam does.
    int account();
    int open();
    int close();

    /// SOLO_SESSION_ID of the PAM environment; empty where it is not set.
    std::string session_id();

private:
    void set_item(int type, const std::optional<std::string>& value);

    pam_handle_t* handle_ = nullptr;
    int result_ = PAM_SUCCESS;
};

/// "PAM_SUCCESS"; the number where these programs know no name for it.
std::string result_name(int result);

} // namespace solo::testing
