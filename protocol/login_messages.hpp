// SPDX-License-Identifier: MIT
// The messages of org.pamsolo.Login (org.pamsolo.Login.varlink says what they mean). A test compares the two.
#pragma once

#include "protocol/fields.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solo::protocol {

/// In bytes, of an account's name and of each text of an origin.
inline constexpr std::size_t longest_text = 256;

struct Origin {
    std::string service;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> ruser;

    static constexpr auto fields() {
        return std::tuple{field("service", &Origin::service), field("tty", &Origin::tty),
                          field("rhost", &Origin::rhost), field("ruser", &Origin::ruser)};
    }
};

struct Account {
    std::string name;
    std::optional<std::uint32_t> uid;
    std::optional<std::vector<std::uint32_t>> gids; ///< none where nobody has looked them up

    static constexpr auto fields() {
        return std::tuple{field("name", &Account::name), field("uid", &Account::uid),
                          field("gids", &Account::gids)};
    }
};

struct Holder {
    std::string id;
    std::optional<std::string> service;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::int64_t opened = 0;

    static constexpr auto fields() {
        return std::tuple{field("id", &Holder::id), field("service", &Holder::service),
                          field("tty", &Holder::tty), field("rhost", &Holder::rhost),
                          field("opened", &Holder::opened)};
    }
};

enum class Decision { ignore, grant, refuse, supersede, ask };

constexpr auto enum_names(Decision /*unused*/) {
    return std::to_array<std::string_view>({"ignore", "grant", "refuse", "supersede", "ask"});
}

namespace login {

inline constexpr std::string_view interface_name = "org.pamsolo.Login";

struct Check {
    static constexpr std::string_view method = "org.pamsolo.Login.Check";
    Account account;
    Origin origin;

    static constexpr auto fields() {
        return std::tuple{field("account", &Check::account), field("origin", &Check::origin)};
    }

    struct Reply {
        Decision decision = Decision::refuse;
        std::optional<Holder> holder;
        std::string rule;
        std::optional<std::string> message;

        static constexpr auto fields() {
            return std::tuple{field("decision", &Reply::decision), field("holder", &Reply::holder),
                              field("rule", &Reply::rule), field("message", &Reply::message)};
        }
    };
};

struct Open {
    static constexpr std::string_view method = "org.pamsolo.Login.Open";
    Account account;
    Origin origin;
    std::string nonce;
    std::optional<bool> takeover;

    static constexpr auto fields() {
        return std::tuple{field("account", &Open::account), field("origin", &Open::origin),
                          field("nonce", &Open::nonce), field("takeover", &Open::takeover)};
    }

    struct Reply {
        Decision decision = Decision::refuse;
        std::optional<std::string> id;
        std::optional<std::string> notice;

        static constexpr auto fields() {
            return std::tuple{field("decision", &Reply::decision), field("id", &Reply::id),
                              field("notice", &Reply::notice)};
        }
    };
};

struct Confirm {
    static constexpr std::string_view method = "org.pamsolo.Login.Confirm";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &Confirm::id)}; }

    struct Reply {
        static constexpr auto fields() { return std::tuple{}; }
    };
};

struct Close {
    static constexpr std::string_view method = "org.pamsolo.Login.Close";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &Close::id)}; }

    struct Reply {
        static constexpr auto fields() { return std::tuple{}; }
    };
};

struct Refused {
    static constexpr std::string_view error = "org.pamsolo.Login.Refused";
    std::string message;
    std::optional<Holder> holder;
    std::string rule;

    static constexpr auto fields() {
        return std::tuple{field("message", &Refused::message), field("holder", &Refused::holder),
                          field("rule", &Refused::rule)};
    }
};

struct PermissionDenied {
    static constexpr std::string_view error = "org.pamsolo.Login.PermissionDenied";

    static constexpr auto fields() { return std::tuple{}; }
};

struct Unavailable {
    static constexpr std::string_view error = "org.pamsolo.Login.Unavailable";
    std::string reason;

    static constexpr auto fields() { return std::tuple{field("reason", &Unavailable::reason)}; }
};

} // namespace login
} // namespace solo::protocol
