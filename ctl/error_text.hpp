// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/envelope.hpp"

#include <string>

namespace solo::ctl {

/// What an error reply of solod says, as a sentence for a person that is safe to show.
std::string error_text(const protocol::ReceivedReply& reply);

/// Whether the reply is this error.
template<protocol::Message E>
bool is_error(const protocol::ReceivedReply& reply) {
    return reply.error == E::error;
}

} // namespace solo::ctl
