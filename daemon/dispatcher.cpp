// SPDX-License-Identifier: MIT
#include "daemon/dispatcher.hpp"

#include "protocol/interfaces.hpp"

#include <algorithm>

namespace solo {

namespace {

using protocol::make_error;
using protocol::make_reply;
using protocol::Reply;
namespace service = protocol::service;

} // namespace

Dispatcher::Dispatcher(std::vector<std::string> interfaces) : interfaces_{std::move(interfaces)} {
    interfaces_.emplace_back(service::interface_name);
    add<service::GetInfo>([this](const service::GetInfo& /*call*/, Connection& /*peer*/,
                                 Replies /*replies*/) -> asio::awaitable<Reply> {
        co_return make_reply(service::GetInfo::Reply{.vendor = "Solo",
                                                     .product = "solod",
                                                     .version = SOLO_VERSION,
                                                     .url = "",
                                                     .interfaces = interfaces_});
    });
    add<service::GetInterfaceDescription>([this](service::GetInterfaceDescription call, Connection& /*peer*/,
                                                 Replies /*replies*/) -> asio::awaitable<Reply> {
        if (std::ranges::find(interfaces_, call.interface) == interfaces_.end())
            co_return make_error(service::InterfaceNotFound{call.interface});
        const auto description = protocol::interface_description(call.interface);
        co_return make_reply(service::GetInterfaceDescription::Reply{std::string{description}});
    });
}

asio::awaitable<Reply> Dispatcher::dispatch(const protocol::ReceivedCall& call,
                                            Connection& connection) const {
    const auto found = methods_.find(call.method);
    if (found == methods_.end())
        co_return unknown(call.method);
    if (call.upgrade)
        co_return make_error(service::InvalidParameter{"upgrade"});
    co_return co_await found->second(call, connection);
}

/// Why there is no handler: the interface or the method is unknown, or nobody has written it yet.
Reply Dispatcher::unknown(const std::string& method) const {
    const auto dot = method.rfind('.');
    const std::string interface = method.substr(0, dot);
    if (dot == std::string::npos || std::ranges::find(interfaces_, interface) == interfaces_.end())
        return make_error(service::InterfaceNotFound{interface});
    const std::string declaration = "\nmethod " + method.substr(dot + 1) + "(";
    if (protocol::interface_description(interface).find(declaration) != std::string_view::npos)
        return make_error(service::MethodNotImplemented{method});
    return make_error(service::MethodNotFound{method});
}

} // namespace solo
