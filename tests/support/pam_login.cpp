// SPDX-License-Identifier: MIT
#include "tests/support/pam_login.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace solo::testing {

namespace {

int converse(int count, const pam_message** messages, pam_response** responses, void* /*nothing*/) {
    for (int i = 0; i < count; ++i)
        std::printf("says: %s\n", messages[i]->msg);
    // libpam frees it. Nobody answers a prompt.
    *responses =
        static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    return *responses == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
}

} // namespace

PamLogin::PamLogin(const LoginItems& items) {
    const pam_conv conversation{converse, nullptr};
    const int result = ::pam_start(items.service.c_str(), items.account.c_str(), &conversation, &handle_);
    if (result != PAM_SUCCESS)
        throw std::runtime_error{"pam_start: " + result_name(result)};
    set_item(PAM_TTY, items.tty);
    set_item(PAM_RHOST, items.rhost);
    set_item(PAM_RUSER, items.ruser);
}

PamLogin::~PamLogin() {
    ::pam_end(handle_, result_);
}

int PamLogin::account() {
    return result_ = ::pam_acct_mgmt(handle_, 0);
}

int PamLogin::open() {
    return result_ = ::pam_open_session(handle_, 0);
}

int PamLogin::close() {
    return result_ = ::pam_close_session(handle_, 0);
}

std::string PamLogin::session_id() {
    const char* const id = ::pam_getenv(handle_, "SOLO_SESSION_ID");
    return id == nullptr ? "" : id;
}

void PamLogin::set_item(int type, const std::optional<std::string>& value) {
    if (value && ::pam_set_item(handle_, type, value->c_str()) != PAM_SUCCESS)
        throw std::runtime_error{"pam_set_item"};
}

std::string result_name(int result) {
    switch (result) {
    case PAM_SUCCESS:
        return "PAM_SUCCESS";
    case PAM_MODULE_UNKNOWN:
        return "PAM_MODULE_UNKNOWN";
    case PAM_PERM_DENIED:
        return "PAM_PERM_DENIED";
    case PAM_SESSION_ERR:
        return "PAM_SESSION_ERR";
    case PAM_SYSTEM_ERR:
        return "PAM_SYSTEM_ERR";
    case PAM_ACCT_EXPIRED:
        return "PAM_ACCT_EXPIRED";
    case PAM_IGNORE:
        return "PAM_IGNORE";
    default:
        return std::to_string(result);
    }
}

} // namespace solo::testing
