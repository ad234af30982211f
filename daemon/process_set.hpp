// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "daemon/process_handle.hpp"
#include "daemon/process_snapshot.hpp"
#include "daemon/scope.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace solo {

/// The processes of one session that is being ended. Once found, a process stays in the set until it has
/// exited, also when its parent dies and it becomes somebody else's child.
class ProcessSet {
public:
    enum class Extent : std::uint8_t {
        all, ///< the leader, who serves the line, the scope or else the audit session, and their descendants
        remains, ///< who serves the line, and their descendants: what the login program left behind
    };

    ProcessSet(const Session& session, Extent extent);

    /// What the kernel says of the session has become known, or more of it, since the set was made.
    void learn(const Traces& traces);

    /// What refresh() has to know. `with_line`: also who serves the line, which takes longest.
    [[nodiscard]] ProcessQuery query(bool with_line) const;

    /// Drops the processes that have exited and takes in those that a look has found since, by query().
    void refresh(const ProcessSnapshot& snapshot);

    /// Nobody was found, also not in a look more where somebody was gone before they were held, and the
    /// kernel says that nobody is left in the scope.
    [[nodiscard]] bool empty() const {
        return members_.empty() && looks_needed_ == 0 && !(scope_ && scope_->is_populated());
    }
    [[nodiscard]] const std::map<int, ProcessHandle>& members() const { return members_; }

    /// Device numbers of the members' controlling terminals.
    [[nodiscard]] const std::set<int>& terminals() const { return terminals_; }

    /// The scope that this login has for itself, while there is one; null where it has none.
    [[nodiscard]] const Scope* scope() const { return scope_ ? &*scope_ : nullptr; }
    [[nodiscard]] const Traces& traces() const { return session_.traces; }

    /// Sends a signal to all members.
    void signal(int number) const;

private:
    [[nodiscard]] bool is_of_line_alone() const;
    [[nodiscard]] std::set<int> roots(const ProcessSnapshot& snapshot) const;
    void forget_begun(const std::vector<ProcessStatus>& table);
    [[nodiscard]] bool is_of_begun(const ProcessStatus& status) const;
    void take_in(const ProcessStatus& status);

    Session session_;
    Extent extent_;
    std::optional<Scope> scope_;
    std::map<int, ProcessHandle> members_; ///< by pid
    std::map<int, Process> begun_; ///< members that began a POSIX session, also when they have exited; by pid
    std::set<int> terminals_;
    std::set<Process> seen_; ///< all that have been members
    int looks_needed_ = 0;   ///< before nobody found means that nobody is left
};

/// Whose processes have to go when a session ends for this reason.
ProcessSet::Extent extent_of(Reason reason);

} // namespace solo
