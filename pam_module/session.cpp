// SPDX-License-Identifier: MIT
#include "pam_module/session.hpp"

#include "pam_module/uncancelled.hpp"

namespace solo::pam {

namespace {

constexpr const char* data_name = "pam_solo_session";
constexpr const char* variable = "SOLO_SESSION_ID";

/// Frees the session; its line knows whether it may close its descriptor. The flags prove nothing (sudo
/// passes PAM_DATA_SILENT even at the real end), so nobody looks at them.
void drop(pam_handle_t* /*pamh*/, void* data, int /*flags*/) {
    const Uncancelled uncancelled;
    delete static_cast<Session*>(data);
}

} // namespace

bool keep_session(pam_handle_t* pamh, std::unique_ptr<Session> session) {
    const std::string assignment = variable + ("=" + session->id);
    const bool has_id = !session->id.empty();
    if (pam_set_data(pamh, data_name, session.get(), drop) != PAM_SUCCESS)
        return false;
    (void)session.release();
    if (!has_id || pam_putenv(pamh, assignment.c_str()) == PAM_SUCCESS)
        return true;
    forget_session(pamh);
    return false;
}

Session* session_of(pam_handle_t* pamh) {
    const void* data = nullptr;
    if (pam_get_data(pamh, data_name, &data) != PAM_SUCCESS)
        return nullptr;
    return static_cast<Session*>(const_cast<void*>(data));
}

std::string session_id_in_environment(pam_handle_t* pamh) {
    const char* const value = pam_getenv(pamh, variable);
    return value == nullptr ? std::string{} : std::string{value};
}

void forget_session(pam_handle_t* pamh) {
    if (session_of(pamh) != nullptr)
        (void)pam_set_data(pamh, data_name, nullptr, nullptr);
    if (pam_getenv(pamh, variable) != nullptr)
        (void)pam_putenv(pamh, variable);
}

} // namespace solo::pam
