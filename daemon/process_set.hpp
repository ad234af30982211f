// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "daemon/process_handle.hpp"
#include "daemon/process_table.hpp"

#include <map>
#include <set>
#include <vector>

namespace solo {

/// The pids in `table` that descend from one of the roots, the roots included.
std::set<int> descendants(const std::vector<ProcessStatus>& table, std::set<int> roots);

/// The processes of one session that is being ended. Once found, a process stays in the set until it has
/// exited, also when its parent dies and it becomes somebody else's child.
class ProcessSet {
public:
    enum class Extent : std::uint8_t {
        all,     ///< the leader, its descendants, who serves the line, who carries the audit session id
        remains, ///< who serves the line, and their descendants: what the login program left behind
    };

    ProcessSet(const Session& session, Extent extent);

    /// Looks for processes again and drops those that have exited. Reads all of /proc.
    void refresh();

    [[nodiscard]] bool empty() const { return members_.empty(); }
    [[nodiscard]] const std::map<int, ProcessHandle>& members() const { return members_; }

    /// Device numbers of the members' controlling terminals.
    [[nodiscard]] const std::set<int>& terminals() const { return terminals_; }

    /// Sends a signal to all members.
    void signal(int number) const;

private:
    [[nodiscard]] std::set<int> roots(const std::vector<ProcessStatus>& table) const;

    Process leader_;
    Traces traces_;
    Extent extent_;
    std::map<int, ProcessHandle> members_; ///< by pid
    std::set<int> terminals_;
};

} // namespace solo
