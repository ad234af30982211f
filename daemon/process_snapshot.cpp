// SPDX-License-Identifier: MIT
#include "daemon/process_snapshot.hpp"

#include "daemon/scope.hpp"

#include <utility>

#include <unistd.h>

namespace solo {

void ProcessQuery::merge(ProcessQuery other) {
    sockets.merge(other.sockets);
    audit_sessions.merge(other.audit_sessions);
    control_groups.merge(other.control_groups);
}

ProcessSnapshot take_snapshot(const ProcessQuery& query, const GoesOn& goes_on) {
    ProcessSnapshot found;
    found.table = read_processes(goes_on);
    for (const ProcessStatus& status : found.table) {
        const int pid = status.process.pid;
        require(goes_on);
        if (!query.audit_sessions.empty())
            if (const auto session = audit_session_of(pid);
                session && query.audit_sessions.contains(*session))
                found.by_audit_session[*session].insert(pid);
        if (!query.control_groups.empty()) {
            const std::string groups = control_groups_of(pid);
            for (const std::string& path : query.control_groups)
                if (is_within(groups, path))
                    found.by_control_group[path].insert(pid);
        }
        // This daemon has the other end of every line, and more descriptors to look at than all others.
        if (!query.sockets.empty() && pid != ::getpid())
            for (const std::uint64_t inode : open_sockets(pid, query.sockets, goes_on))
                found.by_socket[inode].insert(pid);
    }
    return found;
}

} // namespace solo
