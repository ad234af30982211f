// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <sys/stat.h>

namespace solo::ctl {

namespace {

Finding check_socket(const std::filesystem::path& path, unsigned mode) {
    // systemd makes sockets only while their service does not run: systemctl restart of both fails.
    constexpr const char* mend =
        "systemctl stop solod.socket solod.service; systemctl start solod.socket solod.service";
    struct stat state {};
    if (::lstat(path.c_str(), &state) != 0) {
        return finding(errno == EACCES ? Level::unseen : Level::wrong,
                       fmt::format("no socket: {}", std::strerror(errno)), path.string(), mend);
    }
    if (!S_ISSOCK(state.st_mode))
        return finding(Level::wrong, "this is no socket", path.string(), mend);
    if (state.st_uid != 0)
        return finding(Level::wrong,
                       fmt::format("the socket belongs to uid {} and not to root", state.st_uid),
                       path.string(), mend);
    if ((state.st_mode & 0777U) != mode)
        return finding(Level::wrong,
                       fmt::format("the socket has mode {:04o} and not {:04o}", state.st_mode & 0777U, mode),
                       path.string(), mend);
    return finding(Level::ok, "the socket is there", path.string());
}

} // namespace

Findings check_sockets(const std::filesystem::path& runtime_dir) {
    return {check_socket(runtime_dir / "login.sock", 0600),
            check_socket(runtime_dir / "sessions.sock", 0666)};
}

} // namespace solo::ctl
