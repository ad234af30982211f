// SPDX-License-Identifier: MIT
#include "ctl/client.hpp"

#include "protocol/printable.hpp"

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::Deadline;
using protocol::Fault;

/// How long a socket that is absent is tried again, so that a restart of the daemon passes unnoticed.
constexpr std::chrono::milliseconds retry_time{300};

const char* advice(Fault fault) {
    switch (fault) {
    case Fault::absent:
        return "Is solod running? Try: systemctl status solod";
    case Fault::forbidden:
        return "Who may connect is the mode of the socket: it should be 0666";
    default:
        return "Try: journalctl -u solod";
    }
}

protocol::Channel connected(const std::string& socket) {
    auto channel =
        protocol::Channel::connect(socket, Deadline::in(Client::usual_time), Deadline::in(retry_time));
    if (!channel) {
        throw Unanswered{fmt::format("cannot reach solod at {}: {}. {}", protocol::printable(socket),
                                     channel.error().text(), advice(channel.error().fault)),
                         channel.error().fault};
    }
    return *std::move(channel);
}

} // namespace

Client::Client(std::string socket) : socket_{std::move(socket)}, channel_{connected(socket_)} {}

protocol::ReceivedReply Client::exchange(const protocol::Call& call, Deadline deadline) {
    return checked(channel_.call(call, deadline));
}

protocol::ReceivedReply Client::next(Deadline deadline) {
    return checked(channel_.next_reply(deadline));
}

protocol::ReceivedReply
Client::checked(tl::expected<protocol::ReceivedReply, protocol::Failure> reply) const {
    if (!reply) {
        throw Unanswered{fmt::format("no answer from solod at {}: {}. {}", protocol::printable(socket_),
                                     reply.error().text(), advice(reply.error().fault)),
                         reply.error().fault};
    }
    return *std::move(reply);
}

const protocol::ReceivedReply& Client::succeeded(const protocol::ReceivedReply& reply) {
    if (reply.failed())
        throw Problem{exit_no, error_text(reply)};
    return reply;
}

void Client::throw_undecodable(const std::string& field) const {
    throw Unanswered{
        fmt::format("the answer of solod at {} cannot be understood: \"{}\" is missing or wrong. Are "
                    "soloctl (" SOLO_VERSION ") and solod of the same version?",
                    protocol::printable(socket_), field),
        Fault::malformed};
}

} // namespace solo::ctl
