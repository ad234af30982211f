// SPDX-License-Identifier: MIT
// The messages of org.varlink.service, which every varlink service answers (varlink.org, "Service").
#pragma once

#include "protocol/fields.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace solo::protocol::service {

inline constexpr std::string_view interface_name = "org.varlink.service";

struct GetInfo {
    static constexpr std::string_view method = "org.varlink.service.GetInfo";

    static constexpr auto fields() { return std::tuple{}; }

    struct Reply {
        std::string vendor;
        std::string product;
        std::string version;
        std::string url;
        std::vector<std::string> interfaces;

        static constexpr auto fields() {
            return std::tuple{field("vendor", &Reply::vendor), field("product", &Reply::product),
                              field("version", &Reply::version), field("url", &Reply::url),
                              field("interfaces", &Reply::interfaces)};
        }
    };
};

struct GetInterfaceDescription {
    static constexpr std::string_view method = "org.varlink.service.GetInterfaceDescription";
    std::string interface;

    static constexpr auto fields() {
        return std::tuple{field("interface", &GetInterfaceDescription::interface)};
    }

    struct Reply {
        std::string description;

        static constexpr auto fields() { return std::tuple{field("description", &Reply::description)}; }
    };
};

struct InterfaceNotFound {
    static constexpr std::string_view error = "org.varlink.service.InterfaceNotFound";
    std::string interface;

    static constexpr auto fields() { return std::tuple{field("interface", &InterfaceNotFound::interface)}; }
};

struct MethodNotFound {
    static constexpr std::string_view error = "org.varlink.service.MethodNotFound";
    std::string method;

    static constexpr auto fields() { return std::tuple{field("method", &MethodNotFound::method)}; }
};

struct MethodNotImplemented {
    static constexpr std::string_view error = "org.varlink.service.MethodNotImplemented";
    std::string method;

    static constexpr auto fields() { return std::tuple{field("method", &MethodNotImplemented::method)}; }
};

struct InvalidParameter {
    static constexpr std::string_view error = "org.varlink.service.InvalidParameter";
    std::string parameter;

    static constexpr auto fields() { return std::tuple{field("parameter", &InvalidParameter::parameter)}; }
};

struct PermissionDenied {
    static constexpr std::string_view error = "org.varlink.service.PermissionDenied";

    static constexpr auto fields() { return std::tuple{}; }
};

struct ExpectedMore {
    static constexpr std::string_view error = "org.varlink.service.ExpectedMore";

    static constexpr auto fields() { return std::tuple{}; }
};

} // namespace solo::protocol::service
