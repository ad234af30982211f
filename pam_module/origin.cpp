// SPDX-License-Identifier: MIT
#include "pam_module/origin.hpp"

#include "protocol/printable.hpp"

#include <optional>
#include <string>

namespace solo::pam {

namespace {

constexpr std::size_t max_text = 256;

std::optional<std::string> text_of(pam_handle_t* pamh, int item_type) {
    const void* item = nullptr;
    if (pam_get_item(pamh, item_type, &item) != PAM_SUCCESS || item == nullptr)
        return std::nullopt;
    return std::string{protocol::truncated(protocol::printable(static_cast<const char*>(item)), max_text)};
}

} // namespace

protocol::Origin origin_of(pam_handle_t* pamh) {
    return protocol::Origin{.service = text_of(pamh, PAM_SERVICE).value_or(""),
                            .tty = text_of(pamh, PAM_TTY),
                            .rhost = text_of(pamh, PAM_RHOST),
                            .ruser = text_of(pamh, PAM_RUSER)};
}

} // namespace solo::pam
