// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/channel.hpp"
#include "protocol/unique_fd.hpp"

#include <optional>

#include <sys/types.h>

namespace solo::pam {

/// The connection that stays open while the session lasts. Login programs close descriptors that they do not
/// know, open others under the same number, and fork children that end the PAM handle too: so every use first
/// makes sure that this process opened the line and that the descriptor still is that line. Where it is not,
/// it is left alone.
class Line {
public:
    explicit Line(protocol::Channel channel);
    Line(Line&&) = default;
    Line& operator=(Line&&) = delete;
    ~Line();

    /// Whether it is ours, and the daemon is at its other end and has said nothing that nobody asked for.
    [[nodiscard]] bool is_live() const;

    /// The connection, to say one last thing over it. Nothing where it is not ours any more, or not fit for
    /// that: the daemon has closed it, or has said on it what nobody asked for.
    std::optional<protocol::Channel> take();

private:
    [[nodiscard]] bool is_ours() const;

    protocol::UniqueFd fd_;
    pid_t opener_;
    dev_t device_ = 0;
    ino_t inode_ = 0; ///< 0 where it is not known, which no socket has
};

} // namespace solo::pam
