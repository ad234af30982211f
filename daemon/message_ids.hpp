// SPDX-License-Identifier: MIT
// What an event is called in the journal (MESSAGE_ID, systemd.journal-fields(7)). conf/solo.catalog explains
// each; a test compares the two. An id is never used for something else.
#pragma once

#include "protocol/sessions_messages.hpp"

#include <string_view>

namespace solo {

constexpr std::string_view message_id(protocol::EventKind kind) {
    using enum protocol::EventKind;
    switch (kind) {
    case opened:
        return "0f1d4f3aa3be42e4a400c9d1a1564b86";
    case refused:
        return "d797365594b34ea995efe6eaaf6e90e9";
    case superseding:
        return "2187e903b3cc4b6da1dc672ee71ebcb9";
    case ending:
        return "dbf1e29ebe114713a5c816b4b9863ab9";
    case ended:
        return "20f58cde53784141981915266294305c";
    case contested:
        return "6d9194a83a254d2dac50b5c90e17db4f";
    case would_refuse:
        return "0392b4056b084de18affe7e6e3a4f34d";
    case degraded:
        return "1f6d7d05ca0e4a7aa1f1709275779ab2";
    case recovered:
        return "932cdb45d5664a768fc1a4462e6fad8d";
    }
    return {};
}

} // namespace solo
