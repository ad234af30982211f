// SPDX-License-Identifier: MIT
#include "ctl/child.hpp"

#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace solo::ctl {

namespace {

using protocol::UniqueFd;

void check(int error, const std::string& what) {
    if (error != 0)
        throw std::system_error{error, std::generic_category(), what};
}

/// What the child starts with: the pipe as standard output, and SIGPIPE as a program expects it.
class SpawnSetup {
public:
    SpawnSetup(int output, Errors errors) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        if (errors == Errors::taken)
            ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        sigset_t defaults;
        ::sigemptyset(&defaults);
        ::sigaddset(&defaults, SIGPIPE);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSetup(const SpawnSetup&) = delete;
    SpawnSetup& operator=(const SpawnSetup&) = delete;
    ~SpawnSetup() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    pid_t start(const std::vector<std::string>& arguments) const {
        std::vector<char*> pointers;
        for (const auto& argument : arguments)
            pointers.push_back(const_cast<char*>(argument.c_str())); // NOLINT: posix_spawn(3) changes nothing
        pointers.push_back(nullptr);
        pid_t child = -1;
        check(::posix_spawn(&child, pointers[0], &actions_, &attributes_, pointers.data(), environ),
              "cannot run " + arguments[0]);
        return child;
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const auto count = ::read(fd, buffer, sizeof buffer);
        if (count > 0) {
            text.append(buffer, static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

/// The child's exit status.
int wait_for_exit(pid_t child, const std::string& name) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
        throw std::runtime_error{name + " was ended by signal " + std::to_string(WTERMSIG(status))};
    return WEXITSTATUS(status);
}

} // namespace

ChildResult run_child(const std::vector<std::string>& arguments, Errors errors) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno, "cannot make a pipe");
    const UniqueFd reads{ends[0]};
    UniqueFd writes{ends[1]};
    const auto child = SpawnSetup{writes.get(), errors}.start(arguments);
    writes.reset();
    ChildResult result{.output = read_all(reads.get())};
    result.has_succeeded = wait_for_exit(child, arguments[0]) == 0;
    return result;
}

} // namespace solo::ctl
