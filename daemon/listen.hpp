// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/local/stream_protocol.hpp>

#include <sys/types.h>

namespace solo {

using Acceptor = asio::local::stream_protocol::acceptor;

/// A listening socket at this path: the one that systemd passed (sd_listen_fds(3)), else a new one with this
/// mode. A new one takes the place of an old one at once, so that there is no time without. Throws
/// std::system_error.
Acceptor listen_at(const asio::any_io_executor& executor, const std::string& path, mode_t mode);

} // namespace solo
