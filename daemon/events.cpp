// SPDX-License-Identifier: MIT
#include "daemon/events.hpp"

#include "daemon/clock.hpp"
#include "daemon/wording.hpp"
#include "protocol/printable.hpp"

#include <fmt/format.h>

namespace solo {

void publish_refusal(const Events& events, const protocol::Account& account, const protocol::Origin& origin,
                     const std::string& rule, const std::string& reason) {
    events.publish({.kind = protocol::EventKind::refused,
                    .time = wall_time(),
                    .uid = account.uid,
                    .session = nullptr,
                    .message = fmt::format("{} from {}: {}", protocol::printable(account.name),
                                           origin_text(origin), reason),
                    .account = account.name,
                    .origin = &origin,
                    .decision = protocol::name_of(protocol::Decision::refuse),
                    .rule = rule});
}

} // namespace solo
