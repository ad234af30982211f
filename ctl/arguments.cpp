// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"

#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

namespace solo::ctl {

namespace {

bool is_uuid(const std::string& text) {
    static constexpr std::string_view pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != pattern.size())
        return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool fits =
            pattern[i] == '-' ? text[i] == '-' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
        if (!fits)
            return false;
    }
    return true;
}

CLI::Validator not_empty(const char* problem) {
    const auto check = [problem](const std::string& text) -> std::string {
        return text.empty() ? problem : "";
    };
    return CLI::Validator{check, ""};
}

} // namespace

CLI::Validator session_id() {
    const auto check = [](std::string& text) -> std::string {
        if (!is_uuid(text))
            return "a session's ID is a whole UUID, as `soloctl list` shows it";
        text = CLI::detail::to_lower(text);
        return {};
    };
    return CLI::Validator{check, "UUID"};
}

CLI::Validator session_count() {
    const auto check = [](const std::string& text) -> std::string {
        std::int64_t count = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, count);
        return error == std::errc{} && stop == end && count >= 1
                   ? ""
                   : "it takes a whole number, 1 or more, and not \"" + text + "\"";
    };
    return CLI::Validator{check, ""};
}

CLI::Validator account_name() {
    return not_empty("an account has a name");
}

CLI::Validator service_name() {
    return not_empty("a service has a name");
}

} // namespace solo::ctl
