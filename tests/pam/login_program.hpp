// SPDX-License-Identifier: MIT
// A login program for the tests: real libpam, a private service directory with one service, a conversation
// that writes down what it is told, and a fake daemon on a private socket.
#pragma once

#include "tests/support/fake_daemon.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <security/pam_appl.h>

namespace solo::testing {

struct Said {
    int style = 0;
    std::string text;
};

class LoginProgram {
public:
    LoginProgram();
    ~LoginProgram();
    LoginProgram(const LoginProgram&) = delete;
    LoginProgram& operator=(const LoginProgram&) = delete;

    [[nodiscard]] const std::string& directory() const { return directory_; }
    [[nodiscard]] std::string socket() const { return directory_ + "/login.sock"; }

    FakeDaemon& start_daemon();
    FakeDaemon& daemon() { return *daemon_; }
    void stop_daemon() { daemon_.reset(); }

    /// Begins a login of the user with these arguments for the module, "socket=" before them.
    void begin(const std::string& user = "alice", const std::string& arguments = "timeout=5");
    void set_item(int type, const char* value);

    /// pam_end, if the login was begun and not ended.
    void end(int status = PAM_SUCCESS);

    /// The phases give exactly what the module returned.
    int authenticate();
    int set_credentials();
    int account(int flags = 0);
    int open(int flags = 0);
    int close(int flags = 0);
    int change_password();

    pam_handle_t* handle() { return handle_; }

    /// A variable of the PAM environment; nothing where it is not set.
    std::optional<std::string> variable(const char* name);

    std::string answer = "no"; ///< to prompts
    int conversation_result = PAM_SUCCESS;
    bool has_conversation = true; ///< looked at by begin()
    std::vector<Said> said;

private:
    template<class Function>
    int phase(Function function, int flags);
    static int converse(int count, const pam_message** messages, pam_response** responses, void* self);

    std::string directory_;
    std::unique_ptr<FakeDaemon> daemon_;
    pam_handle_t* handle_ = nullptr;
};

/// A fixture: a login program with its daemon running and the host's functions reset; *state is it.
int set_up_login(void** state);
/// The same without a daemon.
int set_up_login_without_daemon(void** state);
int tear_down_login(void** state);

inline LoginProgram& program_of(void** state) {
    return *static_cast<LoginProgram*>(*state);
}

/// Entries of a CMUnitTest array (tests/support/cmocka.hpp).
#define SOLO_LOGIN_TEST(body)                                                                                \
    SOLO_TEST_WITH(body, ::solo::testing::set_up_login, ::solo::testing::tear_down_login)
#define SOLO_LONELY_LOGIN_TEST(body)                                                                         \
    SOLO_TEST_WITH(body, ::solo::testing::set_up_login_without_daemon, ::solo::testing::tear_down_login)

} // namespace solo::testing
