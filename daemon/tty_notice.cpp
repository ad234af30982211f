// SPDX-License-Identifier: MIT
#include "daemon/tty_notice.hpp"

#include "daemon/terminal_device.hpp"
#include "protocol/printable.hpp"
#include "protocol/unique_fd.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo {

bool write_notice(int terminal, std::optional<std::uint32_t> owner, const Notice& notice) {
    const std::string path = terminal_path(terminal);
    if (path.empty())
        return false;
    const protocol::UniqueFd fd{
        ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)};
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISCHR(status.st_mode))
        return false;
    if (status.st_rdev != terminal_device(terminal))
        return false;
    if (!notice.ignores_mesg && (status.st_mode & S_IWGRP) == 0)
        return false;
    if (owner && status.st_uid != *owner)
        return false;
    const std::string line = fmt::format("\r\n{}\r\n", protocol::printable(notice.text));
    return ::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

} // namespace solo
