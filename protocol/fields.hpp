// SPDX-License-Identifier: MIT
// How a message type names its fields, so that one definition serves the codec, the tests and the reader.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>

namespace solo::protocol {

/// One field of a message: its name on the wire and where its value is kept.
template<class Message, class Value>
struct Field {
    std::string_view name;
    Value Message::*member;
};

template<class Message, class Value>
constexpr Field<Message, Value> field(std::string_view name, Value Message::*member) {
    return {name, member};
}

/// A message is a struct with `static constexpr auto fields()` that returns a tuple of Field.
template<class T>
concept Message = requires { T::fields(); };

/// An enumeration on the wire has a function `enum_names(T)`, found by its argument, that returns an array of
/// names in the order of its values, which count from 0.
template<class T>
concept WireEnum = requires(T value) { enum_names(value); };

/// The wire name of an enumeration's value.
template<WireEnum T>
constexpr std::string_view name_of(T value) {
    return enum_names(value)[static_cast<std::size_t>(value)];
}

/// The value that has this wire name; nothing where none has.
template<WireEnum T>
constexpr std::optional<T> value_of(std::string_view name) {
    const auto names = enum_names(T{});
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == name)
            return static_cast<T>(i);
    return std::nullopt;
}

} // namespace solo::protocol
