// SPDX-License-Identifier: MIT
#include "tests/pam/login_program.hpp"

#include "tests/pam/host_functions.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace solo::testing {

namespace {

constexpr const char* service = "test-login";

/// One stack a phase. What the module returns comes out as it is; PAM_IGNORE leaves the marker's mark.
std::string service_file(const std::string& arguments) {
    std::string file;
    for (const std::string type : {"auth", "account", "session", "password"}) {
        file.append(type)
            .append(" [success=1 ignore=ignore default=die] " SOLO_MODULE " ")
            .append(arguments) += "\n";
        file.append(type).append(" required " SOLO_MARKER "\n");
        file.append(type).append(" required pam_permit.so\n");
    }
    return file;
}

std::string make_directory() {
    std::string path = (std::filesystem::temp_directory_path() / "solo-pam-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr)
        throw std::runtime_error{"mkdtemp"};
    return path;
}

} // namespace

LoginProgram::LoginProgram() : directory_{make_directory()} {}

LoginProgram::~LoginProgram() {
    end();
    daemon_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

FakeDaemon& LoginProgram::start_daemon() {
    daemon_ = std::make_unique<FakeDaemon>(socket());
    return *daemon_;
}

void LoginProgram::begin(const std::string& user, const std::string& arguments) {
    begin_with(user, service_file("socket=" + socket() + " " + arguments));
}

void LoginProgram::begin_with(const std::string& user, const std::string& service_file) {
    end();
    std::ofstream{directory_ + "/" + service} << service_file;
    std::ofstream{directory_ + "/other"}
        << "auth required pam_deny.so\n"; // libpam complains where there is none
    const pam_conv conversation{has_conversation ? converse : nullptr, this};
    const int result =
        ::pam_start_confdir(service, user.c_str(), &conversation, directory_.c_str(), &handle_);
    if (result != PAM_SUCCESS)
        throw std::runtime_error{"pam_start_confdir: " + std::to_string(result)};
    set_item(PAM_TTY, "pts/7");
    set_item(PAM_RHOST, "10.0.0.5");
}

void LoginProgram::set_item(int type, const char* value) {
    if (::pam_set_item(handle_, type, value) != PAM_SUCCESS)
        throw std::runtime_error{"pam_set_item"};
}

void LoginProgram::end(int status) {
    if (handle_ != nullptr)
        ::pam_end(handle_, status);
    handle_ = nullptr;
}

template<class Function>
int LoginProgram::phase(Function function, int flags) {
    const int result = function(handle_, flags);
    reached_marker = variable("TEST_IGNORED").has_value();
    if (!reached_marker)
        return result;
    ::pam_putenv(handle_, "TEST_IGNORED");
    return result == PAM_SUCCESS ? PAM_IGNORE : result;
}

int LoginProgram::authenticate() {
    return phase(::pam_authenticate, 0);
}

int LoginProgram::set_credentials() {
    return phase(::pam_setcred, PAM_ESTABLISH_CRED);
}

int LoginProgram::account(int flags) {
    return phase(::pam_acct_mgmt, flags);
}

int LoginProgram::open(int flags) {
    return phase(::pam_open_session, flags);
}

int LoginProgram::close(int flags) {
    return phase(::pam_close_session, flags);
}

int LoginProgram::change_password() {
    return phase(::pam_chauthtok, 0);
}

std::optional<std::string> LoginProgram::variable(const char* name) {
    const char* const value = ::pam_getenv(handle_, name);
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

int LoginProgram::converse(int count, const pam_message** messages, pam_response** responses, void* self) {
    auto& program = *static_cast<LoginProgram*>(self);
    const auto size = static_cast<unsigned>(std::max(count, 1)); // libpam asks for one at least
    for (unsigned i = 0; i < size; ++i)
        program.said.push_back({messages[i]->msg_style, messages[i]->msg});
    if (program.conversation_result != PAM_SUCCESS)
        return program.conversation_result;
    *responses = static_cast<pam_response*>(std::calloc(size, sizeof **responses));
    for (unsigned i = 0; i < size; ++i) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
            (*responses)[i].resp = ::strdup(program.answer.c_str());
    }
    return PAM_SUCCESS;
}

} // namespace solo::testing
