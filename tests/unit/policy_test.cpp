// SPDX-License-Identifier: MIT
#include "daemon/core/policy.hpp"
#include "tests/support/cmocka.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace solo;
using protocol::Account;

constexpr std::uint32_t staff = 50;
constexpr std::uint32_t contractors = 60;

/// Sets the key in all the sections that a test names; the value says which one.
Overrides limit(int max_sessions, const char* section) {
    Overrides overrides;
    overrides.max_sessions = {max_sessions, {section, "solo.conf", max_sessions}};
    return overrides;
}

Account alice(std::vector<std::uint32_t> gids = {}) {
    return {.name = "alice", .uid = 1000, .gids = std::move(gids)};
}

/// [Policy] 2, [Service sshd] 3, [Group staff] 4, [Group contractors] 5, [User alice] 6
PolicySettings every_section() {
    PolicySettings settings;
    settings.policy = limit(2, "[Policy]");
    settings.services["sshd"] = limit(3, "[Service sshd]");
    settings.groups = {{staff, limit(4, "[Group staff]")}, {contractors, limit(5, "[Group contractors]")}};
    settings.users["alice"] = limit(6, "[User alice]");
    return settings;
}

void without_configuration_one_login_is_the_limit_and_a_second_is_refused(void** /*state*/) {
    const Ruling ruling = Policy{}.ruling(alice(), "sshd");
    assert_true(ruling.kind == Ruling::Kind::limited);
    assert_string_equal(ruling.rule.c_str(), "");
    assert_true(ruling.rules.enforce.value);
    assert_true(ruling.rules.on_conflict.value == OnConflict::refuse);
    assert_int_equal(ruling.rules.max_sessions.value, 1);
    assert_true(ruling.rules.grace_time.value == std::chrono::seconds{5});
    assert_true(ruling.rules.on_leader_exit.value == OnLeaderExit::end);
    assert_true(ruling.rules.reveal_holder.value);
    assert_string_equal(ruling.rules.message.value.c_str(), "");
    assert_string_equal(ruling.rules.max_sessions.source->section.c_str(), "[Policy]");
    assert_string_equal(ruling.rules.max_sessions.source->file.c_str(), "");
}

void the_text_of_a_rule_names_the_key_and_where_its_value_stands(void** /*state*/) {
    assert_string_equal(rule_text({"[Group contractors]", "/etc/solo/solo.conf", 7}, "OnConflict").c_str(),
                        "[Group contractors] OnConflict (/etc/solo/solo.conf:7)");
    assert_string_equal(rule_text({}, "MaxSessions").c_str(), "[Policy] MaxSessions (built-in)");
}

void user_overrides_group_overrides_service_overrides_policy(void** /*state*/) {
    const Account bob{.name = "bob", .uid = 1001, .gids = {}};
    const Account bob_of_staff{.name = "bob", .uid = 1001, .gids = std::vector<std::uint32_t>{7, staff}};
    const struct {
        const char* who;
        Account account;
        const char* service;
        int max_sessions;
        const char* section;
    } cases[] = {
        {"nobody special, other service", bob, "login", 2, "[Policy]"},
        {"nobody special", bob, "sshd", 3, "[Service sshd]"},
        {"of a group, other service", bob_of_staff, "login", 4, "[Group staff]"},
        {"of a group", bob_of_staff, "sshd", 4, "[Group staff]"},
        {"a user, other service", alice(), "login", 6, "[User alice]"},
        {"a user", alice(), "sshd", 6, "[User alice]"},
        {"a user of two groups", alice({contractors, staff}), "sshd", 6, "[User alice]"},
    };
    const Policy policy{every_section()};
    for (const auto& [who, account, service, max_sessions, section] : cases) {
        const auto found = policy.ruling(account, service).rules.max_sessions;
        if (found.value != max_sessions || found.source->section != section ||
            found.source->line != max_sessions)
            fail_msg("%s: %d of %s", who, found.value, found.source->section.c_str());
    }
}

void groups_are_needed_where_a_rule_is_about_them_and_nobody_has_said_them(void** /*state*/) {
    const Account unsaid{.name = "bob", .uid = 1001, .gids = std::nullopt};
    const Account without_any{.name = "bob", .uid = 1001, .gids = std::vector<std::uint32_t>{}};
    const Account virtual_user{.name = "bob", .uid = std::nullopt, .gids = std::nullopt};
    PolicySettings exempting;
    exempting.exempt_groups.value = {staff};
    for (const PolicySettings& settings : {every_section(), exempting}) {
        const Policy policy{settings};
        assert_true(policy.needs_groups(unsaid, "sshd"));
        assert_false(policy.needs_groups(unsaid, "cron"));
        assert_false(policy.needs_groups(without_any, "sshd"));
        assert_false(policy.needs_groups(virtual_user, "sshd"));
    }
    assert_false(Policy{}.needs_groups(unsaid, "sshd"));
    assert_int_equal(Policy{every_section()}.ruling(unsaid, "login").rules.max_sessions.value, 2);
}

void of_several_groups_the_one_written_first_wins(void** /*state*/) {
    const Account account{.name = "bob", .uid = 1001, .gids = std::vector<std::uint32_t>{contractors, staff}};
    PolicySettings settings = every_section();
    assert_int_equal(Policy{settings}.ruling(account, "sshd").rules.max_sessions.value, 4);
    std::swap(settings.groups[0], settings.groups[1]);
    assert_int_equal(Policy{settings}.ruling(account, "sshd").rules.max_sessions.value, 5);
}

void each_key_is_overridden_by_itself(void** /*state*/) {
    PolicySettings settings = every_section();
    settings.groups[1].second.on_conflict = {OnConflict::supersede, {"[Group contractors]", "solo.conf", 9}};
    settings.services["sshd"].grace_time = {std::chrono::seconds{9}, {"[Service sshd]", "solo.conf", 10}};
    settings.policy.message = {"Ask the desk.", {"[Policy]", "solo.conf", 11}};
    const Rules rules = Policy{settings}.ruling(alice({staff, contractors}), "sshd").rules;
    assert_int_equal(rules.max_sessions.value, 6);
    assert_string_equal(rules.max_sessions.source->section.c_str(), "[User alice]");
    assert_true(rules.on_conflict.value == OnConflict::supersede);
    assert_string_equal(rules.on_conflict.source->section.c_str(), "[Group contractors]");
    assert_true(rules.grace_time.value == std::chrono::seconds{9});
    assert_string_equal(rules.grace_time.source->section.c_str(), "[Service sshd]");
    assert_string_equal(rules.message.value.c_str(), "Ask the desk.");
    assert_string_equal(rules.message.source->section.c_str(), "[Policy]");
    assert_true(rules.enforce.value);
}

void every_key_can_be_set_in_every_section(void** /*state*/) {
    Overrides all;
    all.enforce = {false, {"[X]", "f", 1}};
    all.on_conflict = {OnConflict::supersede, {"[X]", "f", 2}};
    all.max_sessions = {7, {"[X]", "f", 3}};
    all.grace_time = {std::chrono::milliseconds{8}, {"[X]", "f", 4}};
    all.on_leader_exit = {OnLeaderExit::release, {"[X]", "f", 5}};
    all.reveal_holder = {false, {"[X]", "f", 6}};
    all.message = {"text", {"[X]", "f", 7}};
    PolicySettings in_policy;
    PolicySettings in_service;
    PolicySettings in_group;
    PolicySettings in_user;
    in_policy.policy = in_service.services["sshd"] = in_user.users["alice"] = all;
    in_group.groups = {{staff, all}};
    for (const auto& settings : {in_policy, in_service, in_group, in_user}) {
        const Rules rules = Policy{settings}.ruling(alice({staff}), "sshd").rules;
        assert_false(rules.enforce.value);
        assert_true(rules.on_conflict.value == OnConflict::supersede);
        assert_int_equal(rules.max_sessions.value, 7);
        assert_int_equal(rules.grace_time.value.count(), 8);
        assert_true(rules.on_leader_exit.value == OnLeaderExit::release);
        assert_false(rules.reveal_holder.value);
        assert_string_equal(rules.message.value.c_str(), "text");
        assert_int_equal(rules.enforce.source->line, 1);
        assert_int_equal(rules.message.source->line, 7);
    }
}

void ignored_exempt_and_limited_logins_are_told_apart(void** /*state*/) {
    PolicySettings settings = every_section();
    settings.exempt_users.value = {"root", "backup"};
    settings.exempt_groups.value = {contractors};
    settings.ignored_services.value = {"cron"};
    using enum Ruling::Kind;
    const struct {
        const char* who;
        Account account;
        const char* service;
        Ruling::Kind kind;
        const char* rule;
    } cases[] = {
        {"anybody", alice(), "sshd", limited, ""},
        {"a prefix of an exempt name", {"back", 34, {}}, "sshd", limited, ""},
        {"exempt by name", {"backup", 34, {}}, "sshd", exempt, "[Policy] ExemptUsers (built-in)"},
        {"exempt by group", alice({staff, contractors}), "sshd", exempt, "[Policy] ExemptGroups (built-in)"},
        {"of no exempt group", alice({staff}), "sshd", limited, ""},
        {"uid 0 by any name", {"toor", 0, {}}, "sshd", exempt, "uid 0"},
        {"unknown to NSS, so of no uid", {"virtual", std::nullopt, {}}, "vsftpd", limited, ""},
        {"gid 0 alone", alice({0}), "sshd", limited, ""},
        {"an ignored service", alice(), "cron", ignored, "[Policy] IgnoreServices (built-in)"},
        {"an ignored service of uid 0",
         {"root", 0, {}},
         "cron",
         ignored,
         "[Policy] IgnoreServices (built-in)"},
        {"a service no longer ignored", alice(), "atd", limited, ""},
        {"a service that begins like an ignored one", alice(), "cron2", limited, ""},
        {"systemd-user, though not named", alice(), "systemd-user", ignored,
         "[Policy] IgnoreServices (built-in)"},
    };
    const Policy policy{settings};
    for (const auto& [who, account, service, kind, rule] : cases) {
        const Ruling ruling = policy.ruling(account, service);
        if (ruling.kind != kind || ruling.rule != rule)
            fail_msg("%s: kind %d by '%s'", who, static_cast<int>(ruling.kind), ruling.rule.c_str());
    }
}

void uid_0_is_exempt_even_if_nobody_is_listed(void** /*state*/) {
    PolicySettings settings;
    settings.exempt_users.value.clear();
    assert_true(Policy{settings}.ruling({"root", 0, {}}, "sshd").kind == Ruling::Kind::exempt);
}

void services_that_are_no_login_are_ignored_unless_configured(void** /*state*/) {
    for (const char* service : {"systemd-user", "cron", "atd", "sudo", "su", "runuser", "polkit-1"})
        assert_true(Policy{}.ruling(alice(), service).kind == Ruling::Kind::ignored);
    for (const char* service : {"sshd", "login", "su-l", "gdm-password", "vsftpd", "other"})
        assert_true(Policy{}.ruling(alice(), service).kind == Ruling::Kind::limited);
}

void an_exempt_login_still_carries_its_rules(void** /*state*/) {
    PolicySettings settings = every_section();
    settings.exempt_users.value = {"alice"};
    assert_int_equal(Policy{settings}.ruling(alice(), "sshd").rules.max_sessions.value, 6);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(without_configuration_one_login_is_the_limit_and_a_second_is_refused),
        SOLO_TEST(the_text_of_a_rule_names_the_key_and_where_its_value_stands),
        SOLO_TEST(user_overrides_group_overrides_service_overrides_policy),
        SOLO_TEST(groups_are_needed_where_a_rule_is_about_them_and_nobody_has_said_them),
        SOLO_TEST(of_several_groups_the_one_written_first_wins),
        SOLO_TEST(each_key_is_overridden_by_itself),
        SOLO_TEST(every_key_can_be_set_in_every_section),
        SOLO_TEST(ignored_exempt_and_limited_logins_are_told_apart),
        SOLO_TEST(uid_0_is_exempt_even_if_nobody_is_listed),
        SOLO_TEST(services_that_are_no_login_are_ignored_unless_configured),
        SOLO_TEST(an_exempt_login_still_carries_its_rules),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
