// SPDX-License-Identifier: MIT
#include "daemon/message_template.hpp"

#include <array>
#include <utility>

namespace solo {

namespace {

constexpr std::array placeholders{std::pair{std::string_view{"{account}"}, &MessageValues::account},
                                  std::pair{std::string_view{"{holder}"}, &MessageValues::holder},
                                  std::pair{std::string_view{"{since}"}, &MessageValues::since}};

/// The placeholder at the front of the text.
const auto* placeholder_at(std::string_view text) {
    for (const auto& placeholder : placeholders)
        if (text.starts_with(placeholder.first))
            return &placeholder;
    return static_cast<decltype(placeholders.data())>(nullptr);
}

} // namespace

std::string fill_message(std::string_view text, const MessageValues& values) {
    std::string filled;
    while (!text.empty()) {
        const auto* const placeholder = placeholder_at(text);
        if (placeholder == nullptr)
            filled += text.front();
        else
            filled += values.*placeholder->second;
        text.remove_prefix(placeholder == nullptr ? 1 : placeholder->first.size());
    }
    return filled;
}

std::optional<std::string> unknown_placeholder(std::string_view text) {
    for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
        const auto close = text.find('}', open);
        if (close == std::string_view::npos)
            return std::nullopt;
        if (placeholder_at(text.substr(open)) == nullptr)
            return std::string{text.substr(open, close - open + 1)};
    }
    return std::nullopt;
}

} // namespace solo
