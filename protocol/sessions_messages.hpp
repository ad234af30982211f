// SPDX-License-Identifier: MIT
// The messages of org.pamsolo.Sessions (org.pamsolo.Sessions.varlink says what they mean). A test compares
// the two.
#pragma once

#include "protocol/fields.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solo::protocol {

enum class State { opening, active, ending, ended };

constexpr auto enum_names(State /*unused*/) {
    return std::to_array<std::string_view>({"opening", "active", "ending", "ended"});
}

struct Session {
    std::string id;
    std::string account;
    std::optional<std::uint32_t> uid;
    State state = State::opening;
    std::optional<std::string> reason;
    std::string service;
    std::optional<std::string> tty;
    std::optional<std::string> rhost;
    std::optional<std::string> ruser;
    std::string host;
    std::optional<std::int64_t> leader;
    std::optional<std::int64_t> slot;
    std::int64_t opened = 0;
    std::optional<std::int64_t> ended;
    std::optional<std::int64_t> expires;
    std::optional<std::string> superseded_by;

    static constexpr auto fields() {
        return std::tuple{
            field("id", &Session::id),           field("account", &Session::account),
            field("uid", &Session::uid),         field("state", &Session::state),
            field("reason", &Session::reason),   field("service", &Session::service),
            field("tty", &Session::tty),         field("rhost", &Session::rhost),
            field("ruser", &Session::ruser),     field("host", &Session::host),
            field("leader", &Session::leader),   field("slot", &Session::slot),
            field("opened", &Session::opened),   field("ended", &Session::ended),
            field("expires", &Session::expires), field("superseded_by", &Session::superseded_by)};
    }
};

enum class EventKind {
    opened,
    refused,
    superseding,
    ending,
    ended,
    contested,
    would_refuse,
    degraded,
    recovered
};

constexpr auto enum_names(EventKind /*unused*/) {
    return std::to_array<std::string_view>({"opened", "refused", "superseding", "ending", "ended",
                                            "contested", "would_refuse", "degraded", "recovered"});
}

struct Event {
    EventKind kind = EventKind::opened;
    std::int64_t time = 0;
    std::optional<Session> session;
    std::optional<std::string> message;

    static constexpr auto fields() {
        return std::tuple{field("kind", &Event::kind), field("time", &Event::time),
                          field("session", &Event::session), field("message", &Event::message)};
    }
};

enum class Health { ok, degraded };

constexpr auto enum_names(Health /*unused*/) {
    return std::to_array<std::string_view>({"ok", "degraded"});
}

namespace sessions {

inline constexpr std::string_view interface_name = "org.pamsolo.Sessions";

/// The reply of the methods that answer with one session.
struct SessionReply {
    Session session;

    static constexpr auto fields() { return std::tuple{field("session", &SessionReply::session)}; }
};

struct EmptyReply {
    static constexpr auto fields() { return std::tuple{}; }
};

struct List {
    static constexpr std::string_view method = "org.pamsolo.Sessions.List";
    std::optional<std::string> account;
    std::optional<bool> ended;
    std::optional<std::int64_t> limit;

    static constexpr auto fields() {
        return std::tuple{field("account", &List::account), field("ended", &List::ended),
                          field("limit", &List::limit)};
    }

    using Reply = SessionReply;
};

struct Get {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Get";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &Get::id)}; }

    using Reply = SessionReply;
};

struct Validate {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Validate";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &Validate::id)}; }

    struct Reply {
        bool active = false;
        State state = State::ended;
        std::optional<std::string> reason;
        std::optional<std::string> message;

        static constexpr auto fields() {
            return std::tuple{field("active", &Reply::active), field("state", &Reply::state),
                              field("reason", &Reply::reason), field("message", &Reply::message)};
        }
    };
};

struct Explain {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Explain";
    std::string account;
    std::optional<std::string> service;
    std::optional<std::string> rhost;

    static constexpr auto fields() {
        return std::tuple{field("account", &Explain::account), field("service", &Explain::service),
                          field("rhost", &Explain::rhost)};
    }

    struct Reply {
        std::string decision;
        std::string rule;
        std::optional<Session> holder;

        static constexpr auto fields() {
            return std::tuple{field("decision", &Reply::decision), field("rule", &Reply::rule),
                              field("holder", &Reply::holder)};
        }
    };
};

struct End {
    static constexpr std::string_view method = "org.pamsolo.Sessions.End";
    std::string id;
    std::optional<std::string> message;

    static constexpr auto fields() {
        return std::tuple{field("id", &End::id), field("message", &End::message)};
    }

    using Reply = SessionReply;
};

struct Unlock {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Unlock";
    std::string account;

    static constexpr auto fields() { return std::tuple{field("account", &Unlock::account)}; }

    using Reply = EmptyReply;
};

struct Watch {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Watch";

    static constexpr auto fields() { return std::tuple{}; }

    struct Reply {
        Event event;

        static constexpr auto fields() { return std::tuple{field("event", &Reply::event)}; }
    };
};

struct Status {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Status";

    static constexpr auto fields() { return std::tuple{}; }

    struct Reply {
        std::string version;
        Health state = Health::ok;
        std::vector<std::string> problems;
        std::int64_t active = 0;
        std::int64_t opened_total = 0;
        std::int64_t refused_total = 0;
        std::int64_t superseded_total = 0;
        std::int64_t history = 0;
        std::int64_t started = 0;

        static constexpr auto fields() {
            return std::tuple{field("version", &Reply::version),
                              field("state", &Reply::state),
                              field("problems", &Reply::problems),
                              field("active", &Reply::active),
                              field("opened_total", &Reply::opened_total),
                              field("refused_total", &Reply::refused_total),
                              field("superseded_total", &Reply::superseded_total),
                              field("history", &Reply::history),
                              field("started", &Reply::started)};
        }
    };
};

enum class DecisionKind { check, open, wait, lease };

constexpr auto enum_names(DecisionKind /*unused*/) {
    return std::to_array<std::string_view>({"check", "open", "wait", "lease"});
}

struct StateCount {
    State state = State::active;
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple{field("state", &StateCount::state), field("count", &StateCount::count)};
    }
};

struct OpenCount {
    std::string service;
    std::string decision;
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple{field("service", &OpenCount::service), field("decision", &OpenCount::decision),
                          field("count", &OpenCount::count)};
    }
};

struct EndCount {
    std::string reason;
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple{field("reason", &EndCount::reason), field("count", &EndCount::count)};
    }
};

struct DecisionTimes {
    DecisionKind kind = DecisionKind::check;
    std::vector<std::int64_t> bounds;
    std::vector<std::int64_t> counts;
    std::int64_t sum = 0;

    static constexpr auto fields() {
        return std::tuple{field("kind", &DecisionTimes::kind), field("bounds", &DecisionTimes::bounds),
                          field("counts", &DecisionTimes::counts), field("sum", &DecisionTimes::sum)};
    }
};

struct Metrics {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Metrics";

    static constexpr auto fields() { return std::tuple{}; }

    struct Reply {
        std::string version;
        Health state = Health::ok;
        std::int64_t started = 0;
        std::vector<StateCount> sessions;
        std::vector<OpenCount> opens;
        std::vector<EndCount> ends;
        std::vector<DecisionTimes> decisions;
        std::int64_t history = 0;
        std::int64_t evicted = 0;
        std::int64_t waiting_records = 0;
        std::int64_t database_size = 0;
        std::int64_t login_connections = 0;
        std::int64_t sessions_connections = 0;
        std::int64_t connections_refused = 0;
        std::int64_t log_lines_lost = 0;

        static constexpr auto fields() {
            return std::tuple{field("version", &Reply::version),
                              field("state", &Reply::state),
                              field("started", &Reply::started),
                              field("sessions", &Reply::sessions),
                              field("opens", &Reply::opens),
                              field("ends", &Reply::ends),
                              field("decisions", &Reply::decisions),
                              field("history", &Reply::history),
                              field("evicted", &Reply::evicted),
                              field("waiting_records", &Reply::waiting_records),
                              field("database_size", &Reply::database_size),
                              field("login_connections", &Reply::login_connections),
                              field("sessions_connections", &Reply::sessions_connections),
                              field("connections_refused", &Reply::connections_refused),
                              field("log_lines_lost", &Reply::log_lines_lost)};
        }
    };
};

struct OpenLease {
    static constexpr std::string_view method = "org.pamsolo.Sessions.OpenLease";
    std::string account;
    std::string service;
    std::optional<std::string> rhost;
    std::int64_t ttl = 0;
    std::optional<bool> takeover;

    static constexpr auto fields() {
        return std::tuple{field("account", &OpenLease::account), field("service", &OpenLease::service),
                          field("rhost", &OpenLease::rhost), field("ttl", &OpenLease::ttl),
                          field("takeover", &OpenLease::takeover)};
    }

    using Reply = SessionReply;
};

struct Renew {
    static constexpr std::string_view method = "org.pamsolo.Sessions.Renew";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &Renew::id)}; }

    struct Reply {
        std::int64_t expires = 0;

        static constexpr auto fields() { return std::tuple{field("expires", &Reply::expires)}; }
    };
};

struct CloseLease {
    static constexpr std::string_view method = "org.pamsolo.Sessions.CloseLease";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &CloseLease::id)}; }

    using Reply = EmptyReply;
};

struct Refused {
    static constexpr std::string_view error = "org.pamsolo.Sessions.Refused";
    std::string message;
    std::optional<Session> holder;
    std::string rule;

    static constexpr auto fields() {
        return std::tuple{field("message", &Refused::message), field("holder", &Refused::holder),
                          field("rule", &Refused::rule)};
    }
};

struct NoSuchSession {
    static constexpr std::string_view error = "org.pamsolo.Sessions.NoSuchSession";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &NoSuchSession::id)}; }
};

struct PermissionDenied {
    static constexpr std::string_view error = "org.pamsolo.Sessions.PermissionDenied";

    static constexpr auto fields() { return std::tuple{}; }
};

struct NotActive {
    static constexpr std::string_view error = "org.pamsolo.Sessions.NotActive";
    State state = State::ended;
    std::optional<std::string> reason;
    std::optional<std::string> message;

    static constexpr auto fields() {
        return std::tuple{field("state", &NotActive::state), field("reason", &NotActive::reason),
                          field("message", &NotActive::message)};
    }
};

struct NotALease {
    static constexpr std::string_view error = "org.pamsolo.Sessions.NotALease";
    std::string id;

    static constexpr auto fields() { return std::tuple{field("id", &NotALease::id)}; }
};

struct CannotEnd {
    static constexpr std::string_view error = "org.pamsolo.Sessions.CannotEnd";
    std::string reason;

    static constexpr auto fields() { return std::tuple{field("reason", &CannotEnd::reason)}; }
};

struct TooManyConnections {
    static constexpr std::string_view error = "org.pamsolo.Sessions.TooManyConnections";

    static constexpr auto fields() { return std::tuple{}; }
};

struct Unavailable {
    static constexpr std::string_view error = "org.pamsolo.Sessions.Unavailable";
    std::string reason;

    static constexpr auto fields() { return std::tuple{field("reason", &Unavailable::reason)}; }
};

} // namespace sessions
} // namespace solo::protocol
