// SPDX-License-Identifier: MIT
// One login of the soak: a login program in a process of its own, as its test sees it from outside.
#pragma once

#include "tests/support/pam_login.hpp"

#include <string>

#include <sys/types.h>

namespace solo::testing {

/// How a login program of the soak is made.
struct ClientKind {
    LoginItems items;
    std::string lock;         ///< file of the lock that whoever is granted holds while alive
    bool is_deaf = false;     ///< ignores SIGTERM
    bool has_program = false; ///< forks somebody who goes on serving the person
};

/// A process that has logged in, or was refused. Whatever lives of it dies with this object.
class Client {
public:
    /// Returns once the login is decided. Throws where a promise is broken: two granted at the same time, or
    /// an answer that is neither yes nor no.
    explicit Client(const ClientKind& kind);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool is_granted() const { return !id_.empty(); }
    [[nodiscard]] const std::string& id() const { return id_; }

    /// Has it close its session and exit; what pam_close_session returned.
    int close();

    /// Has it exit without closing.
    void leave();

    /// Kills the login program.
    void kill_leader();

    /// Kills the person's program; the login program lives on.
    void kill_program() const;

    /// Returns once nobody of it is left; the login program's wait status. Throws after `seconds`.
    int await_end(int seconds);

private:
    void start(const ClientKind& kind);
    void reap();

    pid_t pid_ = -1;
    pid_t program_ = -1;
    std::string id_;
    int commands_ = -1; ///< to the login program
    int reports_ = -1;  ///< from it; open as long as one of its processes lives
    int status_ = 0;
};

} // namespace solo::testing
