// SPDX-License-Identifier: MIT
#include "pam_module/origin.hpp"

#include "protocol/printable.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <net/if.h>

namespace solo::pam {

namespace {

std::optional<std::string> text_of(pam_handle_t* pamh, int item_type) {
    const void* item = nullptr;
    if (pam_get_item(pamh, item_type, &item) != PAM_SUCCESS || item == nullptr)
        return std::nullopt;
    return std::string{
        protocol::truncated(protocol::printable(static_cast<const char*>(item)), protocol::longest_text)};
}

/// The address as inet_ntop writes it, so that each has one spelling. Nothing where it is none.
template<class Binary>
std::optional<std::string> spelled(int family, const std::string& text, Binary& binary) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (::inet_pton(family, text.c_str(), &binary) != 1 ||
        ::inet_ntop(family, &binary, buffer.data(), buffer.size()) == nullptr)
        return std::nullopt;
    return buffer.data();
}

/// Whether the text may stand after an IPv6 address: "%" and an interface's name or number (RFC 4007).
bool is_zone(std::string_view text) {
    return text.size() > 1 && text.size() <= IF_NAMESIZE && protocol::printable(text) == text &&
           text.find_first_of("%/", 1) == std::string_view::npos;
}

/// IPv4, also where it is mapped into IPv6, or IPv6 with its zone. Nothing where the text is no address.
std::optional<std::string> address_of(std::string_view text) {
    const auto end = std::min(text.find('%'), text.size());
    const std::string number{text.substr(0, end)};
    const std::string_view zone = text.substr(end);
    in_addr four{};
    if (zone.empty()) {
        if (auto address = spelled(AF_INET, number, four))
            return address;
    } else if (!is_zone(zone)) {
        return std::nullopt;
    }
    in6_addr six{};
    auto address = spelled(AF_INET6, number, six);
    constexpr std::string_view mapped = "::ffff:"; // and after it dots, as inet_ntop writes it
    if (address && IN6_IS_ADDR_V4MAPPED(&six))
        return address->substr(mapped.size());
    return address ? std::optional{address->append(zone)} : std::nullopt;
}

/// The client of an sshd, which puts SSH_CONNECTION ("client port server port") into the PAM environment
/// before it authenticates anybody (auth-pam.c, sshpam_init), while its PAM_RHOST is with UseDNS a name that
/// the owner of the address has chosen.
std::optional<std::string> client_of(pam_handle_t* pamh) {
    const char* const connection = pam_getenv(pamh, "SSH_CONNECTION");
    if (connection == nullptr)
        return std::nullopt;
    const std::string_view text{connection};
    return address_of(text.substr(0, text.find(' ')));
}

} // namespace

protocol::Origin origin_of(pam_handle_t* pamh) {
    auto client = client_of(pamh);
    return protocol::Origin{.service = text_of(pamh, PAM_SERVICE).value_or(""),
                            .tty = text_of(pamh, PAM_TTY),
                            .rhost = client ? std::move(client) : text_of(pamh, PAM_RHOST),
                            .ruser = text_of(pamh, PAM_RUSER)};
}

} // namespace solo::pam
