// SPDX-License-Identifier: MIT
// What the tests that speak to a real solod have in common: who speaks, and what they ask again and again.
#pragma once

#include "tests/unit/solod_process.hpp"

#include <csignal>
#include <functional>
#include <string>

#include <unistd.h>

namespace solo::testing {

inline constexpr int alice = 61001;
inline constexpr int bob = 61002;
inline constexpr int carol = 61003;
inline constexpr gid_t operators = 61100;

inline const std::string login = "org.pamsolo.Login.";
inline const std::string sessions = "org.pamsolo.Sessions.";
inline const std::string service = "org.varlink.service.";

Identity user(int uid);

/// Both sockets answer, the public one root and others.
void expect_alive(const Solod& solod);

/// Asks until the answer is as it should be, for what follows an event that no client is told of.
void await(const std::function<bool()>& question, const char* what);

Json session_of(const Solod& solod, const std::string& id);

/// Waits until the session has ended, for this reason.
void await_ended(const Solod& solod, const std::string& id, const std::string& reason);

/// The accounts of a list.
std::string listed(Client& client, const Json& parameters = Json::object());

/// The watcher's next event as "KIND ACCOUNT".
std::string next_event(Client& watcher);

/// How many descriptors solod has open while it serves this client and no other.
std::size_t settled_descriptors(Solod& solod, Client& client);

/// How many more it has since its first checkpoint: who keeps the log has the database and its log open
/// (KeptLog), and SQLite keeps one for the next checkpoint (os_unix.c, setPendingFd).
constexpr std::size_t left_by_checkpoint = 3;

/// What main() returns. Only root can be every user, so others skip the tests.
template<std::size_t Count>
int run_as_root(const CMUnitTest (&tests)[Count]) {
    if (::geteuid() != 0) {
        print_message("only root can be every user\n");
        return 77;
    }
    std::signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

} // namespace solo::testing
