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

    /// Begins a login of the user with these arguments for the module, "socket=" before them, from 10.0.0.5.
    void begin(const std::string& user = "alice", const std::string& arguments = "timeout=5");
    /// The same with a service file of the test's own.
    void begin_with(const std::string& user, const std::string& service_file);
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
    bool reached_marker = false; ///< whether the last phase came to the module after ours

private:
    template<class Function>
    int phase(Function function, int flags);
    static int converse(int count, const pam_message** messages, pam_response** responses, void* self);

    std::string directory_;
    std::unique_ptr<FakeDaemon> daemon_;
    pam_handle_t* handle_ = nullptr;
};

} // namespace solo::testing
