// SPDX-License-Identifier: MIT
#include "daemon/listen.hpp"

#include "protocol/unique_fd.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#if SOLO_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace solo {

namespace {

namespace fs = std::filesystem;
using Protocol = asio::local::stream_protocol;

/// The descriptor that systemd passed for this path, or -1.
int passed_socket(const std::string& path) {
#if SOLO_HAVE_SYSTEMD
    const int count = ::sd_listen_fds(0);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd)
        if (::sd_is_socket_unix(fd, SOCK_STREAM, 1, path.c_str(), 0) > 0)
            return fd;
#endif
    (void)path;
    return -1;
}

} // namespace

Acceptor listen_at(const asio::any_io_executor& executor, const std::string& path, mode_t mode) {
    if (const int fd = passed_socket(path); fd >= 0)
        return Acceptor{executor, Protocol{}, fd};
    const std::string fresh = fmt::format("{}.{}", path, ::getpid());
    fs::remove(fresh);
    Acceptor acceptor{executor};
    acceptor.open();
    acceptor.bind(Protocol::endpoint{fresh});
    // Nobody can connect before listen(): until then the mode is not yet what it should be.
    if (::chmod(fresh.c_str(), mode) != 0)
        throw std::system_error{errno, std::generic_category(), fresh};
    acceptor.listen(SOMAXCONN);
    fs::rename(fresh, path);
    return acceptor;
}

} // namespace solo
