// SPDX-License-Identifier: MIT
#include "tests/pam/host_state.hpp"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace solo::testing {

namespace {

/// The path of one end of a Unix socket, empty where there is none.
template<class GetName>
std::string path_of(GetName get_name, int fd) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (get_name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sun_family != AF_UNIX)
        return {};
    return address.sun_path;
}

/// The open descriptors and what /proc says they are.
std::map<int, std::string> descriptors() {
    std::map<int, std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        const int fd = std::stoi(entry.path().filename());
        std::error_code error;
        const auto target = std::filesystem::read_symlink(entry.path(), error);
        if (!error && target.string().find("/proc/") == std::string::npos)
            found[fd] = target;
    }
    return found;
}

std::string raw_bytes(const void* data, std::size_t size) {
    return std::string(static_cast<const char*>(data), size);
}

std::string signals() {
    std::string all;
    sigset_t mask;
    ::sigprocmask(SIG_BLOCK, nullptr, &mask);
    for (int number = 1; number < NSIG; ++number) {
        all += ::sigismember(&mask, number) == 1 ? 'b' : '-';
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) == 0) {
            all += raw_bytes(&action.sa_handler, sizeof action.sa_handler);
            all += std::to_string(action.sa_flags);
        }
    }
    return all;
}

/// A line of /proc/self/status.
std::string status_line(const std::string& name) {
    std::ifstream file{"/proc/self/status"};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name))
            return line;
    }
    return {};
}

std::size_t child_processes() {
    std::ifstream file{"/proc/self/task/" + std::to_string(::getpid()) + "/children"};
    std::size_t count = 0;
    for (std::string pid; file >> pid;)
        ++count;
    return count;
}

} // namespace

HostState host_state(const std::string& daemon_socket) {
    HostState state;
    state.signals = signals();
    state.file_mask = status_line("Umask");
    state.threads = status_line("Threads");
    state.directory = std::filesystem::current_path();
    state.children = child_processes();
    for (const auto& [fd, target] : descriptors()) {
        const bool is_daemons = path_of(::getsockname, fd) == daemon_socket;
        const int flags = ::fcntl(fd, F_GETFD);
        if (!is_daemons && flags >= 0) // the daemon, a thread of the test, may have closed one by now
            state.descriptors[fd] =
                target + " " + std::to_string(flags) + " " + std::to_string(::fcntl(fd, F_GETFL));
    }
    for (char** variable = environ; *variable != nullptr; ++variable)
        state.environment.emplace_back(*variable);
    return state;
}

std::set<int> lines(const std::string& daemon_socket) {
    std::set<int> found;
    for (const auto& [fd, target] : descriptors()) {
        if (path_of(::getpeername, fd) == daemon_socket)
            found.insert(fd);
    }
    return found;
}

std::size_t maps(const std::string& text) {
    std::ifstream file{"/proc/self/maps"};
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);)
        count += line.find(text) == std::string::npos ? 0 : 1;
    return count;
}

} // namespace solo::testing
