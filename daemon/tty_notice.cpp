// SPDX-License-Identifier: MIT
#include "daemon/tty_notice.hpp"

#include "protocol/printable.hpp"
#include "protocol/unique_fd.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace solo {

namespace {

/// Majors 136 to 143 are Unix98 pseudo-terminals, 256 minors each (Documentation/admin-guide/devices.txt).
constexpr unsigned first_pts_major = 136;
constexpr unsigned last_pts_major = 143;

std::string terminal_path(unsigned device_major, unsigned device_minor) {
    if (device_major >= first_pts_major && device_major <= last_pts_major)
        return fmt::format("/dev/pts/{}", (device_major - first_pts_major) * 256 + device_minor);
    std::error_code missing;
    const auto link = std::filesystem::read_symlink(
        fmt::format("/sys/dev/char/{}:{}", device_major, device_minor), missing);
    return missing ? std::string{} : "/dev/" + link.filename().string();
}

} // namespace

bool write_notice(int terminal, std::optional<std::uint32_t> owner, const Notice& notice) {
    // proc(5), tty_nr: the minor is in bits 31 to 20 and 7 to 0, the major in bits 15 to 8.
    const auto device = static_cast<unsigned>(terminal);
    const unsigned device_major = (device >> 8U) & 0xffU;
    const unsigned device_minor = (device & 0xffU) | ((device >> 12U) & 0xfff00U);
    const std::string path = terminal_path(device_major, device_minor);
    if (path.empty())
        return false;
    const protocol::UniqueFd fd{
        ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)};
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISCHR(status.st_mode))
        return false;
    if (status.st_rdev != ::makedev(device_major, device_minor))
        return false;
    if (!notice.ignores_mesg && (status.st_mode & S_IWGRP) == 0)
        return false;
    if (owner && status.st_uid != *owner)
        return false;
    const std::string line = fmt::format("\r\n{}\r\n", protocol::printable(notice.text));
    return ::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

} // namespace solo
