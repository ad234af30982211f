// SPDX-License-Identifier: MIT
#include "daemon/standard_error.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <unistd.h>

namespace solo {

namespace {

enum class Written : std::uint8_t { all, not_now, never };

/// Leaves in `text` what is not written. A descriptor that is ready takes PIPE_BUF bytes without waiting
/// (pipe(7)).
Written write_ready(std::string_view& text) {
    while (!text.empty()) {
        pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, 0) <= 0)
            return Written::not_now;
        if ((ready.revents & POLLOUT) == 0)
            return Written::never; // it is closed, or full and nobody will read it
        const auto size = std::min<std::size_t>(text.size(), PIPE_BUF);
        const auto written = ::write(STDERR_FILENO, text.data(), size);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            return Written::not_now;
        if (written < 0)
            return Written::never;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return Written::all;
}

} // namespace

void StandardError::write(std::string_view lines) {
    const bool is_first = waiting_.empty();
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n') + 1);
        if (waiting_.size() + line.size() <= most_waiting)
            waiting_ += line;
        else
            ++lost_;
        lines.remove_prefix(line.size());
    }
    if (!write_waiting() && is_first && on_waiting_)
        on_waiting_();
}

bool StandardError::write_waiting() {
    std::string_view left = waiting_;
    const Written written = write_ready(left);
    if (written == Written::never) {
        lost_ += std::ranges::count(left, '\n');
        left = {};
    }
    waiting_.erase(0, waiting_.size() - left.size());
    return waiting_.empty();
}

} // namespace solo
