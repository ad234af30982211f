// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace solo {

/// What stands for the placeholders of Message=.
struct MessageValues {
    std::string account; ///< {account}
    std::string holder;  ///< {holder}: where the session comes from that is in the way
    std::string since;   ///< {since}: its time
};

/// The text with its placeholders replaced. What a value holds is not looked at again.
std::string fill_message(std::string_view text, const MessageValues& values);

/// The first word in braces that is no placeholder.
std::optional<std::string> unknown_placeholder(std::string_view text);

} // namespace solo
