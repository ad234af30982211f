// SPDX-License-Identifier: MIT
#include "ctl/terminal.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>

#include <sys/ioctl.h>
#include <unistd.h>

namespace solo::ctl {

namespace {

/// The value of an environment variable, empty where it is not set.
std::string_view environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : value;
}

} // namespace

std::size_t output_width() {
    const auto columns = environment("COLUMNS");
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
    if (error == std::errc{} && end == columns.data() + columns.size() && width > 0)
        return width;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return std::numeric_limits<std::size_t>::max();
}

bool may_colour() {
    const auto terminal = environment("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").empty() && !terminal.empty() &&
           terminal != "dumb";
}

std::string coloured(Colour colour, std::string_view text) {
    static constexpr const char* starts[] = {"\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};
    if (!may_colour())
        return std::string{text};
    return std::string{starts[static_cast<std::size_t>(colour)]}.append(text).append("\x1b[0m");
}

} // namespace solo::ctl
