// SPDX-License-Identifier: MIT
#include "daemon/wording.hpp"

#include "daemon/config_value.hpp"
#include "daemon/message_template.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
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

/// " from 10.0.0.5 (sshd) since 10:02", or nothing where the person may not know that.
std::string where_and_when(const Verdict& verdict, const Rules& rules) {
    if (!verdict.holder || !rules.reveal_holder.value)
        return {};
    return fmt::format(" from {} since {}", origin_text(verdict.holder->origin),
                       local_time(verdict.holder->opened));
}

std::string occupied_text(const Verdict& verdict, const Rules& rules) {
    return fmt::format("This account is already logged in{}.", where_and_when(verdict, rules));
}

/// What becomes of an account whose logins kept ending each other, by the login that was one too many.
std::string contest_text(const Rules& rules) {
    return rules.contest_action.value == ContestAction::lock
               ? " Its logins kept ending each other, so it is locked now, and its sessions are ended; an "
                 "administrator can unlock it."
               : " Its logins kept ending each other, so for a while none of them can be ended.";
}

/// Why the login is refused, in a sentence or two.
std::string reason_text(Verdict::Because because, const Verdict& verdict, const Rules& rules) {
    using Because = Verdict::Because;
    switch (because) {
    case Because::locked:
        return "This account is locked because its logins kept ending each other; an administrator can "
               "unlock it.";
    case Because::contest:
        return occupied_text(verdict, rules) + (verdict.because == Because::trial
                                                    ? " Its logins kept ending each other." // nothing follows
                                                    : contest_text(rules));
    case Because::contest_hold:
        return occupied_text(verdict, rules) +
               " Its logins kept ending each other, so for a while none of them can be ended.";
    case Because::not_gone:
        return occupied_text(verdict, rules) + " That session could not be ended.";
    case Because::shared_leader:
        return occupied_text(verdict, rules) + " That session cannot be ended alone.";
    default:
        return verdict.holder ? occupied_text(verdict, rules) : "This login is refused.";
    }
}

/// Message= with its placeholders replaced.
std::string site_message(const Verdict& verdict, const protocol::Account& account, const Rules& rules) {
    const bool reveals = verdict.holder && rules.reveal_holder.value;
    return fill_message(rules.message.value,
                        {.account = account.name,
                         .holder = reveals ? origin_text(verdict.holder->origin) : "elsewhere",
                         .since = reveals ? local_time(verdict.holder->opened) : "earlier"});
}

/// Our words, and then the site's own.
std::string with_message(std::string text, const Verdict& verdict, const protocol::Account& account,
                         const Rules& rules) {
    if (!rules.message.value.empty())
        text += " " + printable(site_message(verdict, account, rules));
    return text;
}

/// As people say it, in the largest unit of which it is two or more, rounded: "90 minutes", "a minute".
std::string duration_text(std::chrono::milliseconds time) {
    struct Unit {
        std::int64_t seconds;
        const char* one;
        const char* many;
    };
    constexpr Unit units[] = {
        {86'400, "a day", "days"}, {3'600, "an hour", "hours"}, {60, "a minute", "minutes"}};
    const std::int64_t seconds = std::max<std::int64_t>((time.count() + 500) / 1000, 1);
    for (const Unit& unit : units) {
        if (seconds == unit.seconds)
            return unit.one;
        if (seconds >= 2 * unit.seconds)
            return fmt::format("{} {}", (seconds + unit.seconds / 2) / unit.seconds, unit.many);
    }
    return seconds == 1 ? "a second" : fmt::format("{} seconds", seconds);
}

} // namespace

std::string expiring_text(std::chrono::milliseconds left) {
    return fmt::format("You will be logged out in {}: your session reaches its longest time then.",
                       duration_text(left));
}

std::string expired_text() {
    return "You are logged out: your session has reached its longest time.";
}

std::string idling_text(std::chrono::milliseconds idle, std::chrono::milliseconds left) {
    return fmt::format("You have been idle for {}; you will be logged out in {}.", duration_text(idle),
                       duration_text(left));
}

std::string idle_text(std::chrono::milliseconds timeout) {
    return fmt::format("You are logged out: you have been idle for {}.", duration_text(timeout));
}

std::string origin_text(const protocol::Origin& origin) {
    const bool has_host = origin.rhost && !origin.rhost->empty();
    const bool has_tty = origin.tty && !origin.tty->empty() && origin.tty != "ssh"; // what sshd sets at open
    const std::string service = printable(origin.service);
    if (!has_host && !has_tty)
        return service;
    return fmt::format("{} ({})", printable(has_host ? *origin.rhost : *origin.tty), service);
}

std::string question_text(const Verdict& verdict, const protocol::Account& account, const Rules& rules) {
    return with_message(
        fmt::format("{} is logged in{}.", printable(account.name), where_and_when(verdict, rules)), verdict,
        account, rules);
}

std::string refusal_text(const Verdict& verdict, const protocol::Account& account, const Rules& rules) {
    return with_message(reason_text(verdict.because, verdict, rules), verdict, account, rules);
}

std::string trial_text(const Verdict& verdict, const Rules& rules) {
    using protocol::Decision;
    const auto& would = verdict.would;
    const std::string_view what = would.decision == Decision::supersede ? "end that session"
                                  : would.decision == Decision::ask     ? "ask whether to end that session"
                                                                        : "refuse this login";
    return fmt::format("{} Enforce=yes would {}: {}.", reason_text(would.because, verdict, rules), what,
                       printable(would.rule));
}

std::optional<std::string> grant_text(const Answer& answer, const Rules& rules) {
    const bool reveals = rules.reveal_holder.value;
    std::string text;
    if (const auto& before = answer.superseded_before)
        text = reveals ? fmt::format("Your previous session was ended at {} by a login from {}.",
                                     local_time(before->when), origin_text(before->by))
                       : fmt::format("Your previous session was ended at {} by another login.",
                                     local_time(before->when));
    if (const auto& ended = answer.superseded)
        text += fmt::format("{}This login has ended the session {}since {}.", text.empty() ? "" : " ",
                            reveals ? fmt::format("from {} ", origin_text(ended->origin)) : "",
                            local_time(ended->opened));
    return text.empty() ? std::nullopt : std::optional{text};
}

std::string contested_text(const Contested& contest) {
    const std::string account = printable(contest.account);
    // ACCOUNT, and not its name, which may mean something to a shell.
    if (contest.action == ContestAction::lock)
        return fmt::format(
            "{}: its logins keep ending each other; the account is locked and its sessions are "
            "ended. To unlock it: soloctl unlock ACCOUNT",
            account);
    return fmt::format("{}: its logins keep ending each other; for {} none of them can end another", account,
                       show_value(contest.hold));
}

std::string superseded_text(const protocol::Origin& successor, bool reveals) {
    if (!reveals)
        return "You are logged out: this account logged in elsewhere.";
    return fmt::format("You are logged out: this account logged in from {}.", origin_text(successor));
}

std::string terminated_text(const std::string& words) {
    return words.empty() ? "You are logged out: your session was ended by an administrator."
                         : printable(words);
}

std::string ended_text(const Session& session, const std::optional<protocol::Origin>& successor) {
    switch (session.reason.value_or(Reason::logout)) {
    case Reason::logout:
        return "The session was closed.";
    case Reason::leader_exited:
        return "The login program has exited.";
    case Reason::superseded:
        return successor
                   ? fmt::format("The session was superseded by a login from {}.", origin_text(*successor))
                   : "The session was superseded by another login of the account.";
    case Reason::terminated:
        // A lock (ContestAction) ends sessions, too, and leaves the same reason.
        return "The session was ended on request, or because the account was locked.";
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
