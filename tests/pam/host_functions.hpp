// SPDX-License-Identifier: MIT
// What the module and libpam call in this program instead of in libc and libpam: the log is kept, the
// accounts are invented, and some functions can be made to fail. Nothing here is reset by itself:
// reset_host() does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <grp.h>
#include <pwd.h>

namespace solo::testing {

struct LogLine {
    int priority = 0; ///< LOG_CRIT and so on, without the facility
    std::string text;
};

struct FakeAccount {
    std::string name;
    uid_t uid = 0;
    std::vector<gid_t> gids; ///< the first is the primary group
};

/// What was to be written to the audit log. It is then written, where the kernel takes it.
struct AuditRecord {
    int type = 0;
    std::string message;
    int result = 0;

    bool operator==(const AuditRecord&) const = default;
};

struct HostFunctions {
    std::vector<LogLine> log;
    std::vector<AuditRecord> audit;

    /// The first of a uid is the canonical one. Names that are not here are unknown to NSS.
    std::vector<FakeAccount> accounts;
    int group_lookups = 0;      ///< how often NSS was asked for the groups of an account
    int lookup_error = 0;       ///< where set, NSS fails with it
    std::size_t entry_size = 0; ///< how large a buffer an entry needs at least

    gid_t wheel = 0; ///< the gid of the group "wheel"; 0: there is no such group

    bool set_data_fails = false;
    std::string putenv_fails; ///< the name of the variable that cannot be set

    std::function<void()> before_connect; ///< called before each connect(2)
    std::function<void()> before_log;     ///< called before a line is kept
};

HostFunctions& host_functions();
void reset_host_functions();

/// The lines of this priority that contain the text.
std::size_t logged(int priority, const std::string& text);

} // namespace solo::testing
