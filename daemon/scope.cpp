// SPDX-License-Identifier: MIT
#include "daemon/scope.hpp"

#include "daemon/process_table.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace solo {

namespace {

/// The text up to the separator, which is taken off with it.
std::string_view take(std::string_view& text, char separator) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

/// The path in a line of /proc/PID/cgroup: "0::/user.slice".
std::string_view path_in(std::string_view line) {
    take(line, ':');
    take(line, ':');
    return line;
}

/// Above all of systemd's groups: where systemd runs in a container that sees the host's, not "/". Its own
/// group is init.scope (systemd.special(7)).
std::string systemd_root() {
    constexpr std::string_view own = "/init.scope";
    const std::string lines = read_proc_file("/proc/1/cgroup");
    for (std::string_view rest = lines; !rest.empty();) {
        const auto path = path_in(take(rest, '\n'));
        if (path.ends_with(own))
            return std::string{path.substr(0, path.size() - own.size())};
    }
    return {};
}

/// As logind names it (logind-session.c, session_start_scope; user-UID.slice is described in
/// user@.service(5)).
std::string scope_path(std::uint32_t uid, std::string_view logind_session) {
    return fmt::format("{}/user.slice/user-{}.slice/session-{}.scope", systemd_root(), uid, logind_session);
}

/// ENODEV: the group has been removed while it was open.
bool is_gone(int error) {
    return error == ENOENT || error == ENODEV;
}

} // namespace

bool is_within(std::string_view cgroup_lines, std::string_view path) {
    while (!cgroup_lines.empty()) {
        const auto found = path_in(take(cgroup_lines, '\n'));
        if (found.starts_with(path) && (found.size() == path.size() || found[path.size()] == '/'))
            return true;
    }
    return false;
}

std::optional<CgroupMount> find_cgroup_mount(std::string_view mountinfo) {
    while (!mountinfo.empty()) {
        auto line = take(mountinfo, '\n');
        const auto type = line.find(" - ");
        if (type == std::string_view::npos || !line.substr(type + 3).starts_with("cgroup2 "))
            continue;
        std::array<std::string_view, 5> fields; // the fourth is the root, the fifth the mount point
        for (auto& field : fields)
            field = take(line, ' ');
        if (!fields[4].starts_with('/'))
            continue;
        return CgroupMount{.point = std::string{fields[4]},
                           .root = fields[3] == "/" ? std::string{} : std::string{fields[3]}};
    }
    return std::nullopt;
}

std::optional<Scope> Scope::of(const Session& session) {
    if (!session.traces.logind_session || !session.uid)
        return std::nullopt;
    std::string path = scope_path(*session.uid, *session.traces.logind_session);
    const auto mount = find_cgroup_mount(read_proc_file("/proc/self/mountinfo"));
    if (!mount || !path.starts_with(mount->root))
        return std::nullopt;
    const std::string directory = mount->point + path.substr(mount->root.size());
    protocol::UniqueFd fd{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!fd && !is_gone(errno))
        throw std::system_error{errno, std::generic_category(), directory};
    if (!fd)
        return std::nullopt;
    Scope scope{std::move(path), std::move(fd)};
    // A solod that somebody runs by hand from within the session cannot end all of it.
    return scope.contains(::getpid()) ? std::nullopt : std::optional{std::move(scope)};
}

bool Scope::exists() const {
    return ::faccessat(directory_.get(), "cgroup.events", F_OK, 0) == 0 || !is_gone(errno);
}

bool Scope::contains(int pid) const {
    return is_within(control_groups_of(pid), path_);
}

bool Scope::is_populated() const {
    const protocol::UniqueFd events{::openat(directory_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC)};
    std::array<char, 256> text{};
    const auto count = events ? ::read(events.get(), text.data(), text.size()) : -1;
    if (count < 0 && !is_gone(errno))
        throw std::system_error{errno, std::generic_category(), "cgroup.events of " + path_};
    return count > 0 && std::string_view{text.data(), static_cast<std::size_t>(count)}.find("populated 1") !=
                            std::string_view::npos;
}

bool Scope::kill() const {
    const protocol::UniqueFd file{::openat(directory_.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC)};
    return file && ::write(file.get(), "1", 1) == 1;
}

bool is_in_scope(int pid, std::uint32_t uid, std::string_view logind_session) {
    return is_within(read_proc_file(fmt::format("/proc/{}/cgroup", pid)), scope_path(uid, logind_session));
}

} // namespace solo
