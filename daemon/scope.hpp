// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "protocol/unique_fd.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace solo {

/// The paths of a process's control groups, as the lines of /proc/PID/cgroup end (cgroups(7)), and whether
/// one of them is `path` or below it.
bool is_within(std::string_view cgroup_lines, std::string_view path);

/// Where the hierarchy of version 2 is mounted, with the path of the mounted root in it (proc(5), mountinfo);
/// nothing where it is not. That is /sys/fs/cgroup or, on a hybrid host, /sys/fs/cgroup/unified.
struct CgroupMount {
    std::string point;
    std::string root;
};
std::optional<CgroupMount> find_cgroup_mount(std::string_view mountinfo);

/// The scope that logind keeps a login in: a control group. Held by a descriptor, so that another scope of
/// the same name, which comes after a restart of logind, is not taken for it.
class Scope {
public:
    /// Nothing where the session has none of its own, or none any more.
    static std::optional<Scope> of(const Session& session);

    /// False once systemd has removed it, which it does when it is empty.
    [[nodiscard]] bool exists() const;

    /// Whether the process is in it, or in a group below it. Throws where that is not known.
    [[nodiscard]] bool contains(int pid) const;

    /// Whether any process is in it or below it. Throws where that is not known.
    [[nodiscard]] bool is_populated() const;

    /// Kills all in it at once, also who forks faster than anybody can look (cgroup.kill, Linux 5.14). False
    /// where the kernel does not.
    [[nodiscard]] bool kill() const;

    /// As in /proc/PID/cgroup.
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Scope(std::string path, protocol::UniqueFd directory)
        : path_{std::move(path)}, directory_{std::move(directory)} {}

    std::string path_;
    protocol::UniqueFd directory_;
};

/// Whether the process is in the scope of this logind session now. Throws where that is not known.
bool is_in_scope(int pid, std::uint32_t uid, std::string_view logind_session);

} // namespace solo
