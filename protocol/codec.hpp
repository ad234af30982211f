// SPDX-License-Identifier: MIT
// Message types to JSON and back. Fields that the receiver does not know are ignored, so that a module and a
// daemon of different versions understand each other during an upgrade.
#pragma once

#include "protocol/fields.hpp"
#include "protocol/json.hpp"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace solo::protocol {

/// The name of the field that is missing or has a wrong type or value ("account.uid").
struct InvalidField {
    std::string name;
};

/// Appends the JSON text of a message, or of a vector of messages. Optionals that are not set are left out.
template<class T>
void append_json(std::string& out, const T& value);

/// The same as a text of its own.
template<class T>
std::string to_json(const T& value) {
    std::string out;
    append_json(out, value);
    return out;
}

/// A message, or the first field that is wrong.
template<Message T>
tl::expected<T, InvalidField> decode(const Json& value);

namespace detail {

template<class T>
struct is_optional : std::false_type {};
template<class T>
struct is_optional<std::optional<T>> : std::true_type {};

template<class T>
struct is_vector : std::false_type {};
template<class T>
struct is_vector<std::vector<T>> : std::true_type {};

template<class T>
concept WireInt = std::integral<T> && !std::same_as<T, bool>;

template<class T>
bool read(const Json& in, T& out, std::string& wrong);

template<WireInt T>
bool read_int(const Json& in, T& out) {
    if (in.is_number_unsigned()) {
        const auto number = in.get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
            return false;
        out = static_cast<T>(number);
        return true;
    }
    if (!in.is_number_integer())
        return false;
    const auto number = in.get<std::int64_t>();
    if (!std::in_range<T>(number))
        return false;
    out = static_cast<T>(number);
    return true;
}

template<WireEnum T>
bool read_enum(const Json& in, T& out) {
    if (!in.is_string())
        return false;
    const auto value = value_of<T>(in.get_ref<const std::string&>());
    out = value.value_or(out);
    return value.has_value();
}

template<Message T>
bool read_message(const Json& in, T& out, std::string& wrong) {
    if (!in.is_object())
        return false;
    const auto read_field = [&](const auto& field) {
        auto& member = out.*field.member;
        using Value = std::remove_reference_t<decltype(member)>;
        const auto found = in.find(field.name);
        if (found == in.end() || found->is_null()) {
            if constexpr (is_optional<Value>::value)
                return true;
            wrong = field.name;
            return false;
        }
        std::string inner;
        if (read(*found, member, inner))
            return true;
        wrong = field.name;
        if (!inner.empty())
            wrong.append(".").append(inner);
        return false;
    };
    return std::apply([&](const auto&... field) { return (read_field(field) && ...); }, T::fields());
}

template<class T>
bool read(const Json& in, T& out, std::string& wrong) {
    if constexpr (is_optional<T>::value) {
        return read(in, out.emplace(), wrong);
    } else if constexpr (is_vector<T>::value) {
        if (!in.is_array())
            return false;
        out.reserve(in.size());
        for (const auto& element : in) {
            if (!read(element, out.emplace_back(), wrong))
                return false;
        }
        return true;
    } else if constexpr (Message<T>) {
        return read_message(in, out, wrong);
    } else if constexpr (WireEnum<T>) {
        return read_enum(in, out);
    } else if constexpr (WireInt<T>) {
        return read_int(in, out);
    } else if constexpr (std::same_as<T, bool>) {
        if (in.is_boolean())
            out = in.get<bool>();
        return in.is_boolean();
    } else {
        static_assert(std::same_as<T, std::string>);
        if (in.is_string())
            out = in.get_ref<const std::string&>();
        return in.is_string();
    }
}

} // namespace detail

template<class T>
void append_json(std::string& out, const T& value) {
    const char* separator = "";
    if constexpr (detail::is_vector<T>::value) {
        out += '[';
        for (const auto& element : value) {
            out += std::exchange(separator, ",");
            append_json(out, element);
        }
        out += ']';
    } else if constexpr (Message<T>) {
        const auto append_field = [&](std::string_view name, const auto& member) {
            out.append(std::exchange(separator, ",")).append(1, '"').append(name).append("\":");
            append_json(out, member);
        };
        const auto append_set = [&](const auto& field) {
            const auto& member = value.*field.member;
            if constexpr (!detail::is_optional<std::remove_cvref_t<decltype(member)>>::value)
                append_field(field.name, member);
            else if (member)
                append_field(field.name, *member);
        };
        out += '{';
        std::apply([&](const auto&... field) { (append_set(field), ...); }, T::fields());
        out += '}';
    } else if constexpr (WireEnum<T>) {
        out.append(1, '"').append(name_of(value)).append(1, '"');
    } else if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (detail::WireInt<T>) {
        out += std::to_string(value);
    } else {
        append_string(out, value);
    }
}

template<Message T>
tl::expected<T, InvalidField> decode(const Json& value) {
    T message;
    InvalidField wrong;
    if (!detail::read_message(value, message, wrong.name))
        return tl::unexpected{std::move(wrong)};
    return message;
}

} // namespace solo::protocol
