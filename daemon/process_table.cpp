// SPDX-License-Identifier: MIT
#include "daemon/process_table.hpp"

#include "protocol/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

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

/// The fields after the command's name: [0] is the state, field 3 of proc(5).
std::vector<std::string_view> fields_after_name(std::string_view text) {
    std::vector<std::string_view> fields;
    const auto name_end = text.rfind(')');
    if (name_end == std::string_view::npos)
        return fields;
    text.remove_prefix(name_end + 1);
    while (!text.empty()) {
        const auto begin = text.find_first_not_of(" \n");
        if (begin == std::string_view::npos)
            break;
        const auto end = std::min(text.find_first_of(" \n", begin), text.size());
        fields.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
    return fields;
}

/// Field numbers of proc(5), counted from the first one after the command's name.
constexpr std::size_t state_field = 0;
constexpr std::size_t parent_field = 1;
constexpr std::size_t terminal_field = 4;
constexpr std::size_t start_time_field = 19;

} // namespace

std::optional<ProcessStatus> parse_stat(std::string_view text) {
    const auto pid = parse_number<int>(text.substr(0, text.find(' ')));
    const auto fields = fields_after_name(text);
    if (!pid || fields.size() <= start_time_field)
        return std::nullopt;
    const auto parent = parse_number<int>(fields[parent_field]);
    const auto terminal = parse_number<int>(fields[terminal_field]);
    const auto start_time = parse_number<std::uint64_t>(fields[start_time_field]);
    if (!parent || !terminal || !start_time)
        return std::nullopt;
    return ProcessStatus{.process = {.pid = *pid, .start_time = *start_time},
                         .parent = *parent,
                         .terminal = *terminal,
                         .is_zombie = fields[state_field] == "Z" || fields[state_field] == "X"};
}

std::optional<ProcessStatus> read_process(int pid) {
    return parse_stat(read_file(fmt::format("/proc/{}/stat", pid)));
}

std::vector<ProcessStatus> read_processes() {
    std::vector<ProcessStatus> processes;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const auto pid = parse_number<int>(entry.path().filename().native());
        if (!pid)
            continue;
        if (const auto process = read_process(*pid))
            processes.push_back(*process);
    }
    return processes;
}

std::optional<std::uint32_t> audit_session_of(int pid) {
    constexpr std::uint32_t unset = UINT32_MAX; // AUDIT_SID_UNSET, linux/audit.h
    const auto session = parse_number<std::uint32_t>(read_file(fmt::format("/proc/{}/sessionid", pid)));
    return session && *session != unset ? session : std::nullopt;
}

std::optional<std::uint32_t> own_audit_session(const Process& leader) {
    const auto session = audit_session_of(leader.pid);
    const auto status = read_process(leader.pid);
    if (!session || !status || status->process != leader || session == audit_session_of(status->parent))
        return std::nullopt;
    return session;
}

bool has_socket_open(int pid, std::uint64_t inode) {
    const std::string wanted = fmt::format("socket:[{}]", inode);
    const std::string directory = fmt::format("/proc/{}/fd", pid);
    std::array<char, 64> target{};
    std::error_code error;
    fs::directory_iterator entries{directory, error};
    if (error)
        throw_unless_gone(error.value(), directory);
    for (; entries != fs::directory_iterator{}; entries.increment(error)) {
        const auto length = ::readlink(entries->path().c_str(), target.data(), target.size());
        if (length > 0 && std::string_view{target.data(), static_cast<std::size_t>(length)} == wanted)
            return true;
    }
    return false;
}

std::string boot_id() {
    std::string id = read_file("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n')
        id.pop_back();
    return id;
}

} // namespace solo
