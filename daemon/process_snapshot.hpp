// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/process_table.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace solo {

/// What a look at /proc is to find besides all processes.
struct ProcessQuery {
    std::set<std::uint64_t> sockets; ///< inodes: to be asked only where it matters, see below
    std::set<std::uint32_t> audit_sessions;
    std::set<std::string> control_groups; ///< paths, as in /proc/PID/cgroup

    void merge(ProcessQuery other);
};

/// What it has found: the processes, and the pids of those who have such a socket open, or are in such an
/// audit session or control group.
struct ProcessSnapshot {
    std::vector<ProcessStatus> table;
    std::map<std::uint64_t, std::set<int>> by_socket;
    std::map<std::uint32_t, std::set<int>> by_audit_session;
    std::map<std::string, std::set<int>> by_control_group;
};

/// Reads all of /proc. Whoever asks for sockets has every descriptor of the host looked at but those of this
/// process: some 2 us each, and anybody may have millions. Throws as process_table.hpp says, and
/// std::system_error with ECANCELED where `goes_on` said no.
ProcessSnapshot take_snapshot(const ProcessQuery& query, const GoesOn& goes_on = {});

} // namespace solo
