// SPDX-License-Identifier: MIT
#include "daemon/process_set.hpp"

#include <unordered_map>

#include <unistd.h>

namespace solo {

std::set<int> descendants(const std::vector<ProcessStatus>& table, std::set<int> roots) {
    std::unordered_multimap<int, int> children; // by their parent
    children.reserve(table.size());
    for (const ProcessStatus& status : table)
        children.emplace(status.parent, status.process.pid);
    std::vector<int> unvisited{roots.begin(), roots.end()};
    while (!unvisited.empty()) {
        const auto [first, last] = children.equal_range(unvisited.back());
        unvisited.pop_back();
        for (auto child = first; child != last; ++child)
            if (roots.insert(child->second).second)
                unvisited.push_back(child->second);
    }
    return roots;
}

ProcessSet::ProcessSet(const Session& session, Extent extent)
    : leader_{session.leader}, traces_{session.traces}, extent_{extent} {}

void ProcessSet::refresh() {
    std::erase_if(members_, [](const auto& member) { return !member.second.is_alive(); });
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

/// Who belongs to the session for a reason of its own. Of a leader that has exited its pid says nothing any
/// more.
std::set<int> ProcessSet::roots(const std::vector<ProcessStatus>& table) const {
    std::set<int> roots;
    for (const auto& [pid, handle] : members_)
        roots.insert(pid);
    const bool by_audit = traces_.audit_session && (extent_ == Extent::all || !traces_.line_inode);
    for (const ProcessStatus& status : table) {
        const int pid = status.process.pid;
        const bool is_leader = extent_ == Extent::all && status.process == leader_;
        if (is_leader || (by_audit && audit_session_of(pid) == traces_.audit_session) ||
            (traces_.line_inode && has_socket_open(pid, *traces_.line_inode)))
            roots.insert(pid);
    }
    return roots;
}

void ProcessSet::signal(int number) const {
    for (const auto& [pid, handle] : members_)
        handle.signal(number);
}

} // namespace solo
