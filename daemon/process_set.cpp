// SPDX-License-Identifier: MIT
#include "daemon/process_set.hpp"

#include <unistd.h>

namespace solo {

ProcessSet::ProcessSet(const Session& session, Extent extent)
    : session_{session}, extent_{extent}, scope_{Scope::of(session)} {}

void ProcessSet::learn(const Traces& traces) {
    if (session_.traces == traces)
        return;
    session_.traces = traces;
    if (!scope_)
        scope_ = Scope::of(session_);
}

void ProcessSet::refresh() {
    std::erase_if(members_, [](const auto& member) { return !member.second.is_alive(); });
    if (scope_ && !scope_->exists())
        scope_.reset();
    const auto table = read_processes();
    const auto pids = descendants(table, roots(table));
    terminals_.clear();
    for (const ProcessStatus& status : table) {
        const int pid = status.process.pid;
        if (!pids.contains(pid) || status.is_zombie || pid == 1 || pid == ::getpid())
            continue;
        if (status.terminal != 0)
            terminals_.insert(status.terminal);
        if (auto handle = ProcessHandle::open(status.process))
            members_.try_emplace(pid, std::move(*handle));
    }
}

/// Who belongs to the session for a reason of its own. A pid alone says nothing: the table may show another
/// process that has got it since.
std::set<int> ProcessSet::roots(const std::vector<ProcessStatus>& table) const {
    std::set<int> roots;
    for (const ProcessStatus& status : table)
        if (is_root(status))
            roots.insert(status.process.pid);
    return roots;
}

bool ProcessSet::is_root(const ProcessStatus& status) const {
    const int pid = status.process.pid;
    if (const auto member = members_.find(pid); member != members_.end())
        if (member->second.process() == status.process)
            return true;
    if (extent_ == Extent::all && status.process == session_.leader)
        return true;
    const Traces& traces = session_.traces;
    // This daemon has the other end of every line, and more descriptors to look at than all others.
    if (traces.line_inode && pid != ::getpid() && has_socket_open(pid, *traces.line_inode))
        return true;
    if (extent_ == Extent::remains && traces.line_inode)
        return false;
    if (scope_)
        return scope_->contains(pid);
    return traces.audit_session && audit_session_of(pid) == traces.audit_session;
}

void ProcessSet::signal(int number) const {
    for (const auto& [pid, handle] : members_)
        handle.signal(number);
}

ProcessSet::Extent extent_of(Reason reason) {
    switch (reason) {
    case Reason::leader_exited:
    case Reason::unconfirmed:
    case Reason::lost:
        return ProcessSet::Extent::remains;
    default:
        return ProcessSet::Extent::all;
    }
}

} // namespace solo
