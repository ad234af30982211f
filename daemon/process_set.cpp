// SPDX-License-Identifier: MIT
#include "daemon/process_set.hpp"

#include <algorithm>

#include <unistd.h>

namespace solo {

namespace {

/// A process that forks and exits all the time lives for some 100 us: most looks miss it.
constexpr int looks_after_a_stranger = 10;

} // namespace

ProcessSet::ProcessSet(const Session& session, Extent extent)
    : session_{session}, extent_{extent}, scope_{Scope::of(session)} {}

void ProcessSet::learn(const Traces& traces) {
    if (session_.traces == traces)
        return;
    session_.traces = traces;
    if (!scope_)
        scope_ = Scope::of(session_);
}

/// What the person left running on purpose has no line.
bool ProcessSet::is_of_line_alone() const {
    return extent_ == Extent::remains && session_.traces.line_inode;
}

ProcessQuery ProcessSet::query(bool with_line) const {
    const Traces& traces = session_.traces;
    ProcessQuery query;
    if (with_line && traces.line_inode)
        query.sockets.insert(*traces.line_inode);
    if (is_of_line_alone())
        return query;
    if (scope_)
        query.control_groups.insert(scope_->path());
    if (traces.audit_session) // also beside a scope: it may be gone when the answer comes
        query.audit_sessions.insert(*traces.audit_session);
    return query;
}

void ProcessSet::refresh(const ProcessSnapshot& snapshot) {
    std::erase_if(members_, [](const auto& member) { return !member.second.is_alive(); });
    if (scope_ && !scope_->exists())
        scope_.reset();
    forget_begun(snapshot.table);
    const auto pids = descendants(snapshot.table, roots(snapshot));
    terminals_.clear();
    looks_needed_ = std::max(0, looks_needed_ - 1);
    for (const ProcessStatus& status : snapshot.table) {
        const int pid = status.process.pid;
        if (pids.contains(pid) && !status.is_zombie && pid != 1 && pid != ::getpid())
            take_in(status);
    }
}

void ProcessSet::take_in(const ProcessStatus& status) {
    const int pid = status.process.pid;
    auto handle = ProcessHandle::open(status.process);
    if (!handle) { // it may have begun another one; who comes and goes at once does nothing else
        looks_needed_ = std::max(looks_needed_, seen_.contains(status.process) ? 1 : looks_after_a_stranger);
        return;
    }
    members_.try_emplace(pid, std::move(*handle));
    seen_.insert(status.process);
    if (status.session == pid)
        begun_.insert_or_assign(pid, status.process);
    if (status.terminal != 0)
        terminals_.insert(status.terminal);
}

/// Those whose pid another process has got.
void ProcessSet::forget_begun(const std::vector<ProcessStatus>& table) {
    for (const ProcessStatus& status : table)
        if (const auto begun = begun_.find(status.process.pid); begun != begun_.end())
            if (begun->second != status.process)
                begun_.erase(begun);
}

/// Who forks and exits all the time has no parent that anybody knows. The POSIX session that it is in stays.
/// The kernel may use the number of one that is over again: so nobody is taken for that but the account's
/// own.
bool ProcessSet::is_of_begun(const ProcessStatus& status) const {
    if (!begun_.contains(status.session) || !session_.uid)
        return false;
    const auto credentials = read_credentials(status.process.pid);
    return !credentials || credentials->uid == session_.uid; // one that is gone already is not taken in
}

/// Who belongs to the session for a reason of its own. A pid alone says nothing: the table may show another
/// process that has got it since.
std::set<int> ProcessSet::roots(const ProcessSnapshot& snapshot) const {
    std::set<int> roots;
    const auto insert = [&roots](const auto& found, const auto& key) {
        if (const auto pids = found.find(key); pids != found.end())
            roots.insert(pids->second.begin(), pids->second.end());
    };
    for (const ProcessStatus& status : snapshot.table) {
        const auto member = members_.find(status.process.pid);
        const bool is_member = member != members_.end() && member->second.process() == status.process;
        const bool is_leader = extent_ == Extent::all && status.process == session_.leader;
        if (is_member || is_leader || is_of_begun(status))
            roots.insert(status.process.pid);
    }
    const Traces& traces = session_.traces;
    if (traces.line_inode)
        insert(snapshot.by_socket, *traces.line_inode);
    if (is_of_line_alone())
        return roots;
    if (scope_)
        insert(snapshot.by_control_group, scope_->path());
    else if (traces.audit_session)
        insert(snapshot.by_audit_session, *traces.audit_session);
    return roots;
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
