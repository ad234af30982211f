// SPDX-License-Identifier: MIT
#include "daemon/core/policy.hpp"

#include <algorithm>
#include <ranges>

namespace solo {

namespace {

/// Comes through PAM inside every first login, and its refusal would break that login (user@.service:
/// PAMName=systemd-user).
constexpr std::string_view never_a_login = "systemd-user";

void apply(Rules& rules, const Overrides& overrides) {
    const auto apply_key = [&](const auto& key) {
        if (const auto& override = overrides.*key.override)
            rules.*key.rule = *override;
    };
    std::apply([&](const auto&... key) { (apply_key(key), ...); }, rule_keys);
}

bool has_gid(const protocol::Account& account, std::uint32_t gid) {
    return account.gids && std::ranges::find(*account.gids, gid) != account.gids->end();
}

} // namespace

const Source::Place* Source::operator->() const {
    static const Place built_in;
    return place_ ? place_.get() : &built_in;
}

std::string rule_text(const Source& source, std::string_view key) {
    const std::string place =
        source->file.empty() ? "built-in" : source->file + ":" + std::to_string(source->line);
    return source->section + " " + std::string{key} + " (" + place + ")";
}

const std::vector<std::string_view> default_ignored_services{"systemd-user",
                                                             "cron",
                                                             "crond",
                                                             "atd",
                                                             "sudo",
                                                             "sudo-i",
                                                             "su",
                                                             "runuser",
                                                             "runuser-l",
                                                             "polkit-1",
                                                             "passwd",
                                                             "chpasswd",
                                                             "chfn",
                                                             "chsh",
                                                             "newusers",
                                                             "gdm-launch-environment",
                                                             "lightdm-greeter",
                                                             "sddm-greeter",
                                                             "cinnamon-screensaver",
                                                             "gnome-screensaver",
                                                             "i3lock",
                                                             "kde",
                                                             "kscreensaver",
                                                             "light-locker",
                                                             "mate-screensaver",
                                                             "physlock",
                                                             "swaylock",
                                                             "vlock",
                                                             "xlock",
                                                             "xscreensaver"};

Rules Policy::rules(const protocol::Account& account, std::string_view service) const {
    Rules rules;
    apply(rules, settings_.policy);
    if (const auto found = settings_.services.find(std::string{service}); found != settings_.services.end())
        apply(rules, found->second);
    for (const auto& [gid, overrides] : std::views::reverse(settings_.groups)) {
        if (has_gid(account, gid))
            apply(rules, overrides);
    }
    if (const auto found = settings_.users.find(account.name); found != settings_.users.end())
        apply(rules, found->second);
    return rules;
}

bool Policy::is_ignored(std::string_view service) const {
    return service == never_a_login || settings_.ignored_services.value.contains(std::string{service});
}

bool Policy::needs_groups(const protocol::Account& account, std::string_view service) const {
    const bool has_rules = !settings_.groups.empty() || !settings_.exempt_groups.value.empty();
    return has_rules && account.uid && !account.gids && !is_ignored(service);
}

Ruling Policy::ruling(const protocol::Account& account, std::string_view service) const {
    using enum Ruling::Kind;
    const auto is_exempt_gid = [&](std::uint32_t gid) { return has_gid(account, gid); };
    const Rules applying = rules(account, service);
    if (is_ignored(service))
        return {ignored, applying, rule_text(settings_.ignored_services.source, "IgnoreServices")};
    if (account.uid == 0U)
        return {exempt, applying, "uid 0"};
    if (settings_.exempt_users.value.contains(account.name))
        return {exempt, applying, rule_text(settings_.exempt_users.source, "ExemptUsers")};
    if (std::ranges::any_of(settings_.exempt_groups.value, is_exempt_gid))
        return {exempt, applying, rule_text(settings_.exempt_groups.source, "ExemptGroups")};
    return {limited, applying, {}};
}

} // namespace solo
