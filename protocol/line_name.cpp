// SPDX-License-Identifier: MIT
#include "protocol/line_name.hpp"

#include <charconv>

namespace solo::protocol {

namespace {

constexpr std::string_view prefix = "solo/";

} // namespace

std::string line_name(std::uint64_t inode) {
    return std::string{prefix} + std::to_string(inode);
}

std::optional<std::uint64_t> inode_in(std::string_view line_name) {
    if (!line_name.starts_with(prefix))
        return std::nullopt;
    const std::string_view digits = line_name.substr(prefix.size());
    const char* const end = digits.data() + digits.size();
    std::uint64_t inode = 0;
    const auto [rest, error] = std::from_chars(digits.data(), end, inode);
    if (error != std::errc{} || rest != end || inode == 0)
        return std::nullopt;
    return inode;
}

} // namespace solo::protocol
