// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "protocol/unique_fd.hpp"

#include <optional>

namespace solo {

/// Holds one process by pidfd, so that it can be signalled and awaited and never be mistaken for another one
/// that got its pid later. Opening throws std::system_error where it is not known whether the process is
/// there.
class ProcessHandle {
public:
    /// Nothing where the process is no more. The identity is checked after the pidfd was opened.
    static std::optional<ProcessHandle> open(const Process& process);

    /// Takes a pidfd of the process with this pid and learns its start time; nothing where it is no more.
    static std::optional<ProcessHandle> adopt(protocol::UniqueFd pidfd, int pid);

    [[nodiscard]] const Process& process() const { return process_; }
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }
    [[nodiscard]] protocol::UniqueFd release() && { return std::move(pidfd_); }

    /// Whether it has not exited; an exited one that nobody has reaped yet is no longer alive.
    [[nodiscard]] bool is_alive() const;

    /// Sends a signal; false where the process is no more or the kernel forbids it.
    bool signal(int number) const;

private:
    ProcessHandle(protocol::UniqueFd pidfd, Process process) : pidfd_{std::move(pidfd)}, process_{process} {}

    protocol::UniqueFd pidfd_;
    Process process_;
};

} // namespace solo
