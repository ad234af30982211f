// SPDX-License-Identifier: MIT
#include "daemon/session_access.hpp"

#include "daemon/clock.hpp"
#include "daemon/connection.hpp"
#include "daemon/wording.hpp"
#include "protocol/service_messages.hpp"

#include <algorithm>

namespace solo {

using protocol::make_error;
namespace sessions = protocol::sessions;

SessionAccess::SessionAccess(const Slots& slots, RecordQueue& records, const Policy& policy,
                             const Config& config, std::string host)
    : slots_{slots}, records_{records}, policy_{policy}, config_{config}, host_{std::move(host)} {}

bool SessionAccess::is_admin(Connection& connection) const {
    if (connection.peer().uid == 0)
        return true;
    if (!config_.admin_group)
        return false;
    const auto groups = peer_groups(connection.fd());
    return connection.peer().gid == *config_.admin_group ||
           std::ranges::find(groups, *config_.admin_group) != groups.end();
}

bool SessionAccess::opens_for_all(Connection& connection) const {
    const auto uid = connection.peer().uid;
    return uid == 0 || config_.lease_users.value.contains(uid);
}

bool SessionAccess::may_act_for(Connection& connection, const std::optional<std::uint32_t>& uid) const {
    return uid == connection.peer().uid || is_admin(connection);
}

bool SessionAccess::may_see(Connection& connection, const Session& session) const {
    const bool has_opened = session.lease && session.lease->opened_by == connection.peer().uid;
    return has_opened || may_act_for(connection, session.uid);
}

tl::expected<Session, protocol::Reply> SessionAccess::find(const std::string& text,
                                                           Connection& connection) const {
    const auto id = SessionId::parse(text);
    if (!id)
        return tl::unexpected{make_error(protocol::service::InvalidParameter{"id"})};
    std::optional<Session> session;
    if (auto live = slots_.find(*id)) {
        session = std::move(live);
    } else if (auto stored = records_.find(*id)) {
        session = std::move(*stored);
    } else {
        return tl::unexpected{make_error(sessions::Unavailable{stored.error()})};
    }
    if (!session)
        return tl::unexpected{make_error(sessions::NoSuchSession{text})};
    if (!may_see(connection, *session))
        return tl::unexpected{make_error(sessions::PermissionDenied{})};
    return *session;
}

protocol::Session SessionAccess::shown(const Session& session) const {
    protocol::Session shown;
    shown.id = session.id.text();
    shown.account = session.account;
    shown.uid = session.uid;
    shown.state = session.state;
    if (session.reason)
        shown.reason = protocol::name_of(*session.reason);
    shown.service = session.origin.service;
    shown.tty = session.origin.tty;
    shown.rhost = session.origin.rhost;
    shown.ruser = session.origin.ruser;
    shown.host = host_;
    if (session.has_leader())
        shown.leader = session.leader.pid;
    shown.slot = session.slot;
    shown.opened = session.opened;
    shown.ended = session.ended;
    if (const auto deadline = session.deadline(); deadline && !session.is_ended())
        shown.expires = on_the_wall(*deadline);
    if (session.superseded_by)
        shown.superseded_by = session.superseded_by->text();
    return shown;
}

std::string SessionAccess::why_over(Connection& connection, const Session& session) const {
    if (const auto successor = successor_of(session)) {
        const protocol::Account account = account_of(*successor);
        const std::string& service = successor->origin.service;
        const bool is_revealed =
            !policy_.needs_groups(account, service) && // that a rule may say no is enough
            policy_.ruling(account, service).rules.reveal_holder.value;
        if (is_revealed || may_see(connection, *successor))
            return ended_text(session, successor->origin);
    }
    return ended_text(session);
}

/// The session whose login superseded this one; nothing where there is no record of it (any more).
std::optional<Session> SessionAccess::successor_of(const Session& session) const {
    if (!session.superseded_by)
        return std::nullopt;
    if (auto live = slots_.find(*session.superseded_by))
        return live;
    auto stored = records_.find(*session.superseded_by);
    return stored ? *std::move(stored) : std::nullopt;
}

} // namespace solo
