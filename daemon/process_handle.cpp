// SPDX-License-Identifier: MIT
#include "daemon/process_handle.hpp"

#include "daemon/process_table.hpp"

#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace solo {

std::optional<ProcessHandle> ProcessHandle::open(const Process& process) {
    protocol::UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0))};
    // EINVAL, since Linux 6.15 ENOENT: the pid is a thread's, not a process's.
    if (!pidfd && errno != ESRCH && errno != EINVAL && errno != ENOENT)
        throw std::system_error{errno, std::generic_category(), "pidfd_open"};
    if (!pidfd)
        return std::nullopt;
    auto handle = adopt(std::move(pidfd), process.pid);
    return handle && handle->process() == process ? std::move(handle) : std::nullopt;
}

std::optional<ProcessHandle> ProcessHandle::adopt(protocol::UniqueFd pidfd, int pid) {
    const auto status = read_process(pid);
    if (!status)
        return std::nullopt;
    ProcessHandle handle{std::move(pidfd), status->process};
    // Alive after its status was read: the pid was its own all the time.
    if (!handle.is_alive())
        return std::nullopt;
    return handle;
}

bool ProcessHandle::is_alive() const {
    pollfd exited{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&exited, 1, 0) != 1; // that it fails does not mean an exit
}

bool ProcessHandle::signal(int number) const {
    return ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0;
}

} // namespace solo
