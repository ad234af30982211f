// SPDX-License-Identifier: MIT
#include "protocol/module_options.hpp"

#include <charconv>
#include <string_view>

namespace solo::protocol {

namespace {

constexpr int max_timeout = 300;

bool set_socket(ModuleOptions& options, std::string_view value) {
    const bool is_absolute = value.starts_with('/');
    options.socket = is_absolute ? std::string{value} : ModuleOptions{}.socket;
    return is_absolute;
}

bool set_timeout(ModuleOptions& options, std::string_view value) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    const bool is_good =
        error == std::errc{} && end == value.data() + value.size() && seconds >= 1 && seconds <= max_timeout;
    options.timeout = is_good ? std::chrono::seconds{seconds} : ModuleOptions{}.timeout;
    return is_good;
}

bool set_on_unavailable(ModuleOptions& options, std::string_view value) {
    options.allow_unavailable = value == "allow";
    return value == "allow" || value == "deny";
}

bool set_break_glass(ModuleOptions& options, std::string_view value) {
    options.break_glass = value;
    return !value.empty();
}

bool set_debug(ModuleOptions& options, std::string_view value) {
    options.debug = value.empty();
    return options.debug;
}

struct Option {
    std::string_view name; ///< with the '=' where a value follows
    bool (*set)(ModuleOptions&, std::string_view value);
};

constexpr Option known[] = {
    {"socket=", set_socket},           {"timeout=", set_timeout}, {"on_unavailable=", set_on_unavailable},
    {"break_glass=", set_break_glass}, {"debug", set_debug},
};

bool apply(ModuleOptions& options, std::string_view argument) {
    for (const auto& option : known) {
        if (argument.starts_with(option.name))
            return option.set(options, argument.substr(option.name.size()));
    }
    return false;
}

} // namespace

ModuleOptions parse_module_options(std::span<const char* const> arguments) {
    ModuleOptions options;
    for (const char* const argument : arguments) {
        if (!apply(options, argument))
            options.mistakes.emplace_back(argument);
    }
    return options;
}

} // namespace solo::protocol
