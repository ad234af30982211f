// SPDX-License-Identifier: MIT
#include "daemon/terminal_device.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace solo {

namespace {

/// Majors 136 to 143 are Unix98 pseudo-terminals, 256 minors each (Documentation/admin-guide/devices.txt).
constexpr unsigned first_pts_major = 136;
constexpr unsigned last_pts_major = 143;

} // namespace

// The minor is in bits 31 to 20 and 7 to 0, the major in bits 15 to 8.
dev_t terminal_device(int terminal) {
    const auto device = static_cast<unsigned>(terminal);
    return ::makedev((device >> 8U) & 0xffU, (device & 0xffU) | ((device >> 12U) & 0xfff00U));
}

std::string terminal_path(int terminal) {
    const dev_t device = terminal_device(terminal);
    if (major(device) >= first_pts_major && major(device) <= last_pts_major)
        return fmt::format("/dev/pts/{}", (major(device) - first_pts_major) * 256 + minor(device));
    std::error_code missing;
    const auto link = std::filesystem::read_symlink(
        fmt::format("/sys/dev/char/{}:{}", major(device), minor(device)), missing);
    return missing ? std::string{} : "/dev/" + link.filename().string();
}

std::optional<std::int64_t> last_input(int terminal) {
    const std::string path = terminal_path(terminal);
    struct stat status {};
    if (path.empty() || ::lstat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode) ||
        status.st_rdev != terminal_device(terminal))
        return std::nullopt;
    return status.st_atim.tv_sec * std::int64_t{1'000'000} + status.st_atim.tv_nsec / 1000;
}

} // namespace solo
