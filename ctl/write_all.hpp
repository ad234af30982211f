// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <string_view>

#include <unistd.h>

namespace solo::ctl {

/// Writes all of it; the errno of the first failure, else 0.
inline int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

} // namespace solo::ctl
