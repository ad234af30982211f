// SPDX-License-Identifier: MIT
#include "ctl/error_text.hpp"

#include "protocol/printable.hpp"
#include "protocol/service_messages.hpp"
#include "protocol/sessions_messages.hpp"

#include <optional>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

namespace sessions = protocol::sessions;
namespace service = protocol::service;
using protocol::printable;

constexpr const char* other_version = "soloctl (" SOLO_VERSION ") and solod are of different versions. "
                                      "Restart solod: systemctl restart solod";

std::string sentence(const sessions::Refused& error) {
    return fmt::format("refused: {} ({})", printable(error.message), printable(error.rule));
}

std::string sentence(const sessions::NoSuchSession& error) {
    return fmt::format("no session has the id {}. Try: soloctl list --all", printable(error.id));
}

std::string sentence(const sessions::PermissionDenied& /*error*/) {
    return "permission denied: everyone may see, end and open their own sessions; those of others are for "
           "root, "
           "for AdminGroup to see and end and for LeaseUsers to open";
}

std::string sentence(const sessions::NotActive& error) {
    const auto& why = error.message ? error.message : error.reason;
    const auto state = protocol::name_of(error.state);
    return why ? fmt::format("the session is not active but {}: {}", state, printable(*why))
               : fmt::format("the session is not active but {}", state);
}

std::string sentence(const sessions::NotALease& error) {
    return fmt::format("the session {} is no lease: it is over when its processes are, or by soloctl end",
                       printable(error.id));
}

std::string sentence(const sessions::CannotEnd& error) {
    return fmt::format("the session cannot be ended: {}", printable(error.reason));
}

std::string sentence(const sessions::TooManyConnections& /*error*/) {
    return "solod serves no more connections of this user now. Close some (soloctl watch keeps one), or try "
           "again later";
}

std::string sentence(const sessions::Unavailable& error) {
    return fmt::format("solod cannot answer now: {}. Try again in a moment", printable(error.reason));
}

std::string sentence(const service::InterfaceNotFound& error) {
    return fmt::format("solod does not know the interface {}: {}", printable(error.interface), other_version);
}

std::string sentence(const service::MethodNotFound& error) {
    return fmt::format("solod does not know the method {}: {}", printable(error.method), other_version);
}

std::string sentence(const service::MethodNotImplemented& error) {
    return fmt::format("solod does not have the method {} yet: {}", printable(error.method), other_version);
}

std::string sentence(const service::InvalidParameter& error) {
    return fmt::format("solod does not accept what was given as \"{}\"", printable(error.parameter));
}

std::string sentence(const service::PermissionDenied& /*error*/) {
    return sentence(sessions::PermissionDenied{});
}

std::string sentence(const service::ExpectedMore& /*error*/) {
    return fmt::format("solod wants the call to ask for more than one reply: {}", other_version);
}

/// Sets the sentence where the reply is this error and its parameters are as they should be.
template<class E>
void try_error(const protocol::ReceivedReply& reply, std::optional<std::string>& text) {
    if (!is_error<E>(reply))
        return;
    if (const auto error = protocol::decode<E>(reply.parameters))
        text = sentence(*error);
}

template<class... Es>
std::optional<std::string> sentence_of(const protocol::ReceivedReply& reply) {
    std::optional<std::string> text;
    (try_error<Es>(reply, text), ...);
    return text;
}

} // namespace

std::string error_text(const protocol::ReceivedReply& reply) {
    const auto text =
        sentence_of<sessions::Refused, sessions::NoSuchSession, sessions::PermissionDenied,
                    sessions::NotActive, sessions::NotALease, sessions::CannotEnd,
                    sessions::TooManyConnections, sessions::Unavailable, service::InterfaceNotFound,
                    service::MethodNotFound, service::MethodNotImplemented, service::InvalidParameter,
                    service::PermissionDenied, service::ExpectedMore>(reply);
    return text ? *text : fmt::format("solod answered with the error {}", printable(reply.error));
}

} // namespace solo::ctl
