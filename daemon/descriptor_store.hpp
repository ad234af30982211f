// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session_id.hpp"
#include "protocol/unique_fd.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include <asio/any_io_executor.hpp>
#include <asio/local/datagram_protocol.hpp>

namespace solo {

/// Descriptors that outlive the daemon: systemd holds them and passes them to the next run (FDSTORE in
/// sd_notify(3)). Keeps nothing where systemd did not start this daemon.
///
/// systemd is told from the event loop, and never waited for: while its queue is full, what there is to say
/// waits here.
class DescriptorStore {
public:
    /// What a descriptor is to a session.
    enum class Kind : std::uint8_t { leader, line };

    using Descriptors = std::map<SessionId, protocol::UniqueFd>;

    explicit DescriptorStore(const asio::any_io_executor& executor);

    /// Those that an earlier run has kept. To be asked once.
    Descriptors take(Kind kind);

    /// Keeps a duplicate until drop().
    void keep(Kind kind, const SessionId& id, int fd);
    void drop(Kind kind, const SessionId& id);

private:
    struct Message {
        std::string name;
        protocol::UniqueFd fd; ///< none: the descriptor of this name is dropped
    };

    void take_passed();
    void say(Message message);
    void say_all();
    [[nodiscard]] bool send(const Message& message);

    asio::local::datagram_protocol::socket manager_; ///< closed where there is none
    std::deque<Message> messages_;
    bool is_saying_ = false;
    std::map<Kind, Descriptors> passed_;
};

} // namespace solo
