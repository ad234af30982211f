// SPDX-License-Identifier: MIT
#include "pam_module/nonce.hpp"

#include <array>

#include <sys/random.h>

namespace solo::pam {

std::optional<std::string> fresh_nonce() {
    static constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), GRND_NONBLOCK) != static_cast<ssize_t>(bytes.size()))
        return std::nullopt;
    std::string nonce;
    for (const unsigned char byte : bytes) {
        nonce.push_back(digits[byte >> 4U]);
        nonce.push_back(digits[byte & 0x0FU]);
    }
    return nonce;
}

} // namespace solo::pam
