// SPDX-License-Identifier: MIT
#include "daemon/wording.hpp"

#include "protocol/printable.hpp"

#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace solo {

namespace {

using protocol::printable;

/// The local time of day, with the date where that is not today: "10:02", "2026-11-20 10:02".
std::string local_time(std::int64_t microseconds) {
    const std::time_t time = microseconds / 1'000'000;
    const std::time_t now = std::time(nullptr);
    std::tm then{};
    std::tm today{};
    ::localtime_r(&time, &then);
    ::localtime_r(&now, &today);
    const bool is_today = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    return is_today ? fmt::format("{:%H:%M}", then) : fmt::format("{:%Y-%m-%d %H:%M}", then);
}

std::string occupied_text(const Session& holder, const Rules& rules) {
    if (!rules.reveal_holder.value)
        return "This account is already logged in.";
    return fmt::format("This account is already logged in from {} since {}.", origin_text(holder.origin),
                       local_time(holder.opened));
}

} // namespace

std::string origin_text(const protocol::Origin& origin) {
    const bool has_host = origin.rhost && !origin.rhost->empty();
    const bool has_tty = origin.tty && !origin.tty->empty() && origin.tty != "ssh"; // what sshd sets at open
    const std::string service = printable(origin.service);
    if (!has_host && !has_tty)
        return service;
    return fmt::format("{} ({})", printable(has_host ? *origin.rhost : *origin.tty), service);
}

std::string refusal_text(const Verdict& verdict, const Rules& rules) {
    std::string text = verdict.holder ? occupied_text(*verdict.holder, rules) : "This login is refused.";
    if (verdict.because == Verdict::Because::not_gone)
        text += " That session could not be ended.";
    if (verdict.because == Verdict::Because::shared_leader)
        text += " That session cannot be ended alone.";
    if (!rules.message.value.empty())
        text += " " + printable(rules.message.value);
    return text;
}

std::string superseded_text(const protocol::Origin& successor, const Rules& rules) {
    if (!rules.reveal_holder.value)
        return "You are logged out: this account logged in elsewhere.";
    return fmt::format("You are logged out: this account logged in from {}.", origin_text(successor));
}

std::string terminated_text(const std::string& words) {
    return words.empty() ? "You are logged out: your session was ended by an administrator."
                         : printable(words);
}

std::string ended_text(const Session& session) {
    switch (session.reason.value_or(Reason::logout)) {
    case Reason::logout:
        return "The session was closed.";
    case Reason::leader_exited:
        return "The login program has exited.";
    case Reason::superseded:
        return "The session was superseded by another login of the account.";
    case Reason::terminated:
        return "The session was ended on request.";
    case Reason::expired:
        return "The session had reached its longest time.";
    case Reason::idle:
        return "The session was idle for too long.";
    case Reason::lease_lapsed:
        return "The session was not renewed in time.";
    case Reason::rebooted:
        return "The host was restarted.";
    case Reason::lost:
        return "The session ended while solod was not running.";
    case Reason::unconfirmed:
        return "The login was given up before it was complete.";
    }
    return {};
}

} // namespace solo
