// SPDX-License-Identifier: MIT
#include "daemon/process_table.hpp"

#include "protocol/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <system_error>
#include <unordered_map>

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace solo {

namespace {

namespace fs = std::filesystem;

/// That a process cannot be looked at must not pass for its being gone: only these errors mean that.
void throw_unless_gone(int error, const std::string& path) {
    if (error != ENOENT && error != ESRCH)
        throw std::system_error{error, std::generic_category(), path};
}

/// A small file of /proc, read at once; empty where there is none (any more). Throws where it cannot be read.
std::string read_file(const std::string& path) {
    const protocol::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 1024> buffer{};
    const auto count = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
    if (count < 0)
        throw_unless_gone(errno, path);
    return count > 0 ? std::string{buffer.data(), static_cast<std::size_t>(count)} : std::string{};
}

template<class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end)
        return std::nullopt;
    return number;
}

template<class Visit>
void for_each_pid(const Visit& visit) {
    for (const auto& entry : fs::directory_iterator{"/proc"})
        if (const auto pid = parse_number<int>(entry.path().filename().native()))
            visit(*pid);
}

/// The parts between blanks, the first `most` of them.
std::vector<std::string_view> words_in(std::string_view text, std::size_t most) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
    std::vector<std::string_view> words;
    for (auto rest = text.begin(); words.size() < most;) {
        const auto begin = std::find_if_not(rest, text.end(), is_blank);
        if (begin == text.end())
            break;
        rest = std::find_if(begin, text.end(), is_blank);
        words.emplace_back(begin, rest);
    }
    return words;
}

/// Field numbers of proc(5), counted from the first one after the command's name.
constexpr std::size_t state_field = 0;
constexpr std::size_t parent_field = 1;
constexpr std::size_t session_field = 3;
constexpr std::size_t terminal_field = 4;
constexpr std::size_t threads_field = 17;
constexpr std::size_t start_time_field = 19;

/// The fields after the command's name, up to the last one that anybody looks at.
std::vector<std::string_view> fields_after_name(std::string_view text) {
    const auto name_end = text.rfind(')');
    return name_end == std::string_view::npos ? std::vector<std::string_view>{}
                                              : words_in(text.substr(name_end + 1), start_time_field + 1);
}

/// Whether somebody is in this audit session who does not descend from the leader.
bool is_shared_audit_session(std::uint32_t session, const Process& leader) {
    const auto table = read_processes();
    const auto own = descendants(table, {leader.pid});
    return std::ranges::any_of(table, [&](const ProcessStatus& status) {
        const int pid = status.process.pid;
        return !status.is_zombie && !own.contains(pid) && audit_session_of(pid) == session;
    });
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

/// What a descriptor in a directory /proc/PID/fd points to, as much of it as a socket's name takes.
std::string target_of(int directory, const char* name) {
    std::array<char, 64> target{};
    const auto length = ::readlinkat(directory, name, target.data(), target.size());
    // A process with capabilities that we lack (proc(5): ptrace access mode) is none of a login.
    if (length < 0 && errno != EACCES)
        throw_unless_gone(errno, name);
    return length > 0 ? std::string{target.data(), static_cast<std::size_t>(length)} : std::string{};
}

/// The inode in "socket:[INODE]"; nothing where it is something else.
std::optional<std::uint64_t> socket_in(std::string_view target) {
    constexpr std::string_view begin = "socket:[";
    if (!target.starts_with(begin) || !target.ends_with(']'))
        return std::nullopt;
    return parse_number<std::uint64_t>(target.substr(begin.size(), target.size() - begin.size() - 1));
}

constexpr std::size_t descriptors_a_question = 256;

} // namespace

std::optional<ProcessStatus> parse_stat(std::string_view text) {
    const auto pid = parse_number<int>(text.substr(0, text.find(' ')));
    const auto fields = fields_after_name(text);
    if (!pid || fields.size() <= start_time_field)
        return std::nullopt;
    const auto parent = parse_number<int>(fields[parent_field]);
    const auto session = parse_number<int>(fields[session_field]);
    const auto terminal = parse_number<int>(fields[terminal_field]);
    const auto threads = parse_number<int>(fields[threads_field]);
    const auto start_time = parse_number<std::uint64_t>(fields[start_time_field]);
    if (!parent || !session || !terminal || !threads || !start_time)
        return std::nullopt;
    const bool has_exited = fields[state_field] == "Z" || fields[state_field] == "X"; // its first thread
    return ProcessStatus{.process = {.pid = *pid, .start_time = *start_time},
                         .parent = *parent,
                         .session = *session,
                         .terminal = *terminal,
                         .is_zombie = has_exited && *threads <= 1};
}

std::optional<ProcessStatus> read_process(int pid) {
    return parse_stat(read_file(fmt::format("/proc/{}/stat", pid)));
}

void require(const GoesOn& goes_on) {
    if (goes_on && !goes_on())
        throw std::system_error{ECANCELED, std::generic_category(), "/proc"};
}

std::vector<int> process_ids() {
    std::vector<int> pids;
    for_each_pid([&](int pid) { pids.push_back(pid); });
    return pids;
}

std::vector<ProcessStatus> read_processes(const GoesOn& goes_on) {
    std::vector<ProcessStatus> processes;
    for_each_pid([&](int pid) {
        require(goes_on);
        if (const auto process = read_process(pid))
            processes.push_back(*process);
    });
    return processes;
}

std::optional<Credentials> parse_credentials(std::string_view text) {
    std::optional<std::uint32_t> uid;
    std::vector<std::uint32_t> gids;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto words = words_in(text.substr(begin, end - begin), std::string_view::npos);
        begin = end + 1;
        if (words.size() > 1 && words[0] == "Uid:")
            uid = parse_number<std::uint32_t>(words[1]);
        const bool is_gid = words.size() > 1 && words[0] == "Gid:"; // four of them, the first is the real one
        const bool is_groups = !words.empty() && words[0] == "Groups:";
        for (std::size_t i = 1; i < (is_gid ? 2 : is_groups ? words.size() : 0); ++i)
            if (const auto gid = parse_number<std::uint32_t>(words[i]))
                gids.push_back(*gid);
    }
    if (!uid)
        return std::nullopt;
    return Credentials{.uid = *uid, .gids = std::move(gids)};
}

std::optional<Credentials> read_credentials(int pid) {
    return parse_credentials(read_proc_file(fmt::format("/proc/{}/status", pid)));
}

std::string read_proc_file(const std::string& path) {
    const protocol::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> buffer{};
    std::string text;
    for (;;) {
        const auto count = fd ? ::read(fd.get(), buffer.data(), buffer.size()) : -1;
        if (count < 0)
            throw_unless_gone(errno, path);
        if (count <= 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

std::set<int> descendants(const std::vector<ProcessStatus>& table, std::set<int> roots) {
    std::unordered_multimap<int, int> children; // by their parent, and by who began their POSIX session
    children.reserve(2 * table.size());
    for (const ProcessStatus& status : table) {
        children.emplace(status.parent, status.process.pid);
        children.emplace(status.session, status.process.pid);
    }
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

std::optional<std::uint32_t> audit_session_of(int pid) {
    constexpr std::uint32_t unset = UINT32_MAX; // AUDIT_SID_UNSET, linux/audit.h
    const auto session = parse_number<std::uint32_t>(read_file(fmt::format("/proc/{}/sessionid", pid)));
    return session && *session != unset ? session : std::nullopt;
}

std::optional<std::uint32_t> own_audit_session(const Process& leader) {
    const auto session = audit_session_of(leader.pid);
    if (!session)
        return std::nullopt;
    const auto status = read_process(leader.pid);
    if (!status || status->process != leader || session == audit_session_of(status->parent))
        return std::nullopt;
    if (status->parent == 1 && is_shared_audit_session(*session, leader))
        return std::nullopt;
    return session;
}

std::set<std::uint64_t> open_sockets(int pid, const std::set<std::uint64_t>& wanted, const GoesOn& goes_on) {
    const std::string directory = fmt::format("/proc/{}/fd", pid);
    const std::unique_ptr<DIR, CloseDirectory> entries{::opendir(directory.c_str())};
    if (!entries) {
        throw_unless_gone(errno, directory);
        return {};
    }
    std::set<std::uint64_t> found;
    std::size_t count = 0;
    for (errno = 0; const dirent* const entry = ::readdir(entries.get()); errno = 0) {
        if (entry->d_name[0] == '.')
            continue;
        if (++count % descriptors_a_question == 0)
            require(goes_on);
        const auto inode = socket_in(target_of(::dirfd(entries.get()), entry->d_name));
        if (inode && wanted.contains(*inode))
            found.insert(*inode);
    }
    if (errno != 0)
        throw_unless_gone(errno, directory);
    return found;
}

std::string control_groups_of(int pid) {
    return read_proc_file(fmt::format("/proc/{}/cgroup", pid));
}

std::string boot_id() {
    std::string id = read_file("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n')
        id.pop_back();
    return id;
}

} // namespace solo
