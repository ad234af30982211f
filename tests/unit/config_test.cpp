// SPDX-License-Identifier: MIT
#include "daemon/config.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"
#include "tests/unit/temp_dir.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

/// A host's configuration files; "vendor" stands for /usr/lib/solo and "etc" for /etc/solo.
struct Files : TempDir {
    [[nodiscard]] ConfigPaths paths(bool must_exist = false) const {
        return {.vendor_dir = path("vendor"), .file = path("etc/solo.conf"), .must_exist = must_exist};
    }

    /// Without the directory's name, which is another one each time.
    [[nodiscard]] std::string shortened(std::string text) const {
        const std::string prefix = path() + "/";
        for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
            text.erase(at, prefix.size());
        return text;
    }

    [[nodiscard]] Config config() const {
        auto config = load_config(paths());
        if (!config)
            throw std::runtime_error{"an error: " + config.error().front()};
        return std::move(*config);
    }

    /// The errors, a line each.
    [[nodiscard]] std::string errors(bool must_exist = false) const {
        const auto config = load_config(paths(must_exist));
        std::string text;
        if (!config)
            for (const std::string& error : config.error())
                text += (text.empty() ? "" : "\n") + shortened(error);
        return text;
    }

    [[nodiscard]] Config config_of(std::string_view text) const {
        write("etc/solo.conf", text);
        return config();
    }

    [[nodiscard]] std::string errors_of(std::string_view text) const {
        write("etc/solo.conf", text);
        return errors();
    }

    /// "VALUE from SOURCE" of an entry, for a file of /etc and its drop-ins.
    [[nodiscard]] std::string entry(const std::string& section, const std::string& key) const {
        for (const ConfigEntry& entry : config().entries)
            if (entry.section == section && entry.key == key)
                return entry.value + " from " + shortened(entry.source);
        return "no entry";
    }
};

/// What a login of this account through this service is subject to.
Rules rules_of(const Config& config, const std::string& account, std::vector<std::uint32_t> gids = {},
               const std::string& service = "sshd") {
    return Policy{config.policy}
        .ruling({.name = account, .uid = 1000, .gids = std::move(gids)}, service)
        .rules;
}

Rules rules_of(const Config& config) {
    return rules_of(config, "somebody");
}

// Values.

void without_any_file_the_built_in_values_hold(void** /*state*/) {
    const Files files;
    const Config config = files.config();
    const Rules rules = rules_of(config);
    expect(rules.enforce.value, "Enforce=yes");
    expect_equal(rules.on_conflict.value, OnConflict::refuse);
    expect_equal(rules.max_sessions.value, 1);
    expect(rules.grace_time.value == 5s, "GraceTime=5s");
    expect_equal(rules.on_leader_exit.value, OnLeaderExit::end);
    expect(rules.reveal_holder.value, "RevealHolder=yes");
    expect_equal(rules.message.value, "");
    expect_equal(rules.count_by.value, CountBy::session);
    expect(!rules.max_lifetime.value && !rules.idle_timeout.value, "no time ends a session");
    expect_equal(rules.contest_limit.value, 3);
    expect(rules.contest_window.value == 1min, "ContestWindow=1min");
    expect(rules.contest_hold.value == 5min, "ContestHold=5min");
    expect_equal(rules.contest_action.value, ContestAction::refuse);
    expect(config.policy.exempt_users.value == std::set<std::string>{"root"}, "ExemptUsers=root");
    expect(config.policy.ignored_services.value.contains("cron"), "cron is no login");
    expect_equal(config.durability.value, Durability::interval);
    expect(config.history_time.value == std::chrono::hours{90 * 24}, "HistoryTime=90d");
    expect(!config.admin_group, "there are no admins");
    expect(config.lease_users.value.empty(), "nobody opens leases for others");
    expect(config.warnings.empty(), "nothing to warn of");
}

void every_key_of_the_policy_is_read(void** /*state*/) {
    const Files files;
    const Config config =
        files.config_of("[Policy]\nEnforce=no\nOnConflict=supersede\nMaxSessions=3\n"
                        "GraceTime=90s\nOnLeaderExit=release\nRevealHolder=no\n"
                        "Message=Call 112.\nExemptUsers=root backup\nExemptGroups=0 27\n"
                        "IgnoreServices=cron ftp\nAdminGroup=4\n"
                        "[Daemon]\nDurability=commit\nHistoryTime=infinity\nLeaseUsers=7 61001\n");
    const Rules rules = rules_of(config);
    expect(!rules.enforce.value, "Enforce");
    expect_equal(rules.on_conflict.value, OnConflict::supersede);
    expect_equal(rules.max_sessions.value, 3);
    expect(rules.grace_time.value == 90s, "GraceTime");
    expect_equal(rules.on_leader_exit.value, OnLeaderExit::release);
    expect(!rules.reveal_holder.value, "RevealHolder");
    expect_equal(rules.message.value, "Call 112.");
    expect(config.policy.exempt_users.value == std::set<std::string>{"backup", "root"}, "ExemptUsers");
    expect(config.policy.exempt_groups.value == std::set<std::uint32_t>{0, 27}, "ExemptGroups");
    expect(config.policy.ignored_services.value == std::set<std::string>{"cron", "ftp"}, "IgnoreServices");
    expect(config.admin_group == 4, "AdminGroup");
    expect_equal(config.durability.value, Durability::commit);
    expect(!config.history_time.value, "HistoryTime");
    expect(config.lease_users.value == std::set<std::uint32_t>{7, 61001}, "LeaseUsers");
}

void every_rule_may_be_set_for_a_user_a_group_and_a_service(void** /*state*/) {
    const Files files;
    const std::string all = "Enforce=no\nOnConflict=supersede\nMaxSessions=7\nGraceTime=1min\n"
                            "OnLeaderExit=release\nRevealHolder=no\nMessage=Hm.\n";
    const Config config =
        files.config_of("[User alice]\n" + all + "[Group 100]\n" + all + "[Service vsftpd]\n" + all);
    const auto expect_all = [](const Rules& rules) {
        expect(!rules.enforce.value && rules.on_conflict.value == OnConflict::supersede &&
                   rules.max_sessions.value == 7 && rules.grace_time.value == 1min &&
                   rules.on_leader_exit.value == OnLeaderExit::release && !rules.reveal_holder.value &&
                   rules.message.value == "Hm.",
               "all keys are set");
    };
    expect_all(rules_of(config, "alice"));
    expect_all(rules_of(config, "bob", {100}));
    expect_all(rules_of(config, "bob", {}, "vsftpd"));
    expect_equal(rules_of(config).max_sessions.value, 1);
}

/// libeconf leaves out a key that stands below one of the same name, even across sections.
void the_same_key_in_neighbouring_sections_is_read_in_each(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("[Policy]\nMaxSessions=2\n[User alice]\nMaxSessions=3\n"
                                          "[User bob]\nMaxSessions=4\n[Service ftp]\nMaxSessions=5\n");
    expect_equal(rules_of(config).max_sessions.value, 2);
    expect_equal(rules_of(config, "alice").max_sessions.value, 3);
    expect_equal(rules_of(config, "bob").max_sessions.value, 4);
    expect_equal(rules_of(config, "carol", {}, "ftp").max_sessions.value, 5);
}

void every_key_of_conflicts_and_times_is_read(void** /*state*/) {
    const Files files;
    const Rules rules = rules_of(files.config_of("[Policy]\nOnConflict=ask\nCountBy=origin\nMaxLifetime=8h\n"
                                                 "IdleTimeout=10min\nContestLimit=10000\nContestWindow=0\n"
                                                 "ContestHold=1d\nContestAction=lock\n"));
    expect_equal(rules.on_conflict.value, OnConflict::ask);
    expect_equal(rules.count_by.value, CountBy::origin);
    expect(rules.max_lifetime.value == 8h, "MaxLifetime");
    expect(rules.idle_timeout.value == 10min, "IdleTimeout");
    expect_equal(rules.contest_limit.value, 10'000);
    expect(rules.contest_window.value == 0ms, "ContestWindow");
    expect(rules.contest_hold.value == 24h, "ContestHold");
    expect_equal(rules.contest_action.value, ContestAction::lock);
}

void a_limit_in_time_may_be_infinite_and_not_nothing(void** /*state*/) {
    const Files files;
    const std::string limited = "[Policy]\nMaxLifetime=8h\n[User somebody]\nMaxLifetime=";
    expect(!rules_of(files.config_of(limited + "infinity\n")).max_lifetime.value, "somebody has no limit");
    expect(rules_of(files.config_of(limited + "1ms\n")).max_lifetime.value == 1ms, "the shortest");
    for (const char* const key : {"MaxLifetime", "IdleTimeout"})
        for (const char* const text : {"", "0", "0s", "Infinity", "never", "-1s", "infinity 1h", "36601d"})
            expect_equal(files.errors_of(std::string{"[Policy]\n"} + key + "=" + text + "\n"),
                         std::string{"etc/solo.conf:2: "} + key + "=" + text +
                             " is not a time such as 90s, 10min, 8h or 7d, or infinity");
}

void a_placeholder_that_there_is_not_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(rules_of(files.config_of("[Policy]\nMessage={account}: {holder}, {since}\n")).message.value,
                 "{account}: {holder}, {since}");
    for (const char* const section : {"Policy", "User alice", "Group 7", "Service ftp"})
        expect_equal(
            files.errors_of(std::string{"["} + section + "]\nMessage=Ask {user} {account}\n"),
            "etc/solo.conf:2: Message: there is no placeholder {user}; there are {account}, {holder} "
            "and {since}");
    expect_within(files.errors_of("[Policy]\nMessage={\x1b[2J}\n"), "placeholder {\\x1b[2J};");
}

void yes_and_no_have_four_spellings_each(void** /*state*/) {
    const Files files;
    for (const char* const yes : {"yes", "true", "on", "1"})
        expect(rules_of(files.config_of(std::string{"[Policy]\nEnforce="} + yes + "\n")).enforce.value, yes);
    for (const char* const no : {"no", "false", "off", "0"})
        expect(!rules_of(files.config_of(std::string{"[Policy]\nEnforce="} + no + "\n")).enforce.value, no);
}

void times_are_read_in_every_unit(void** /*state*/) {
    const Files files;
    const std::vector<std::pair<std::string, std::chrono::milliseconds>> times{{"500ms", 500ms},
                                                                               {"5s", 5s},
                                                                               {"1min", 1min},
                                                                               {"2h", 2h},
                                                                               {"90d", 90 * 24h},
                                                                               {"0", 0ms},
                                                                               {"0s", 0ms},
                                                                               {"7", 7s},
                                                                               {"5 s", 5s},
                                                                               {"  5s  ", 5s},
                                                                               {"36600d", 36600 * 24h},
                                                                               {"878400h", 878400h}};
    for (const auto& [text, time] : times)
        expect(rules_of(files.config_of("[Policy]\nGraceTime=" + text + "\n")).grace_time.value == time,
               text);
}

void times_that_are_none_are_errors(void** /*state*/) {
    const Files files;
    for (const char* const text :
         {"", "s", "-1s", "- 1s", "5x", "5 m", "5S", "5s s", "5s6", "1min 5s", "1.5s", "0x5s", "+5s",
          "36601d", "99999999999999999999s", "9223372036854775807d", "106751991168d", "infinity"})
        expect_equal(files.errors_of(std::string{"[Policy]\nGraceTime="} + text + "\n"),
                     std::string{"etc/solo.conf:2: GraceTime="} + text +
                         " is not a time such as 500ms, 5s, 1min, 2h or 90d");
}

void wrong_values_are_errors_that_say_what_is_expected(void** /*state*/) {
    struct Case {
        std::string key;
        std::string expected;
        std::vector<std::string> values;
    };
    const std::vector<Case> cases{
        {"Enforce", "yes or no", {"maybe", "YES", "", "2", "yes no"}},
        {"RevealHolder", "yes or no", {"maybe", "y"}},
        {"OnConflict", "refuse or supersede or ask", {"never", "Refuse", "", "refuse supersede"}},
        {"OnLeaderExit", "end or release", {"kill", ""}},
        {"CountBy", "session or origin", {"host", "Origin", ""}},
        {"ContestAction", "refuse or lock", {"hold", "supersede", ""}},
        {"ContestLimit", "a whole number from 1 to 10000", {"0", "-1", "10001", "infinity", ""}},
        {"ContestWindow", "a time such as 500ms, 5s, 1min, 2h or 90d", {"infinity", "soon", "", "-1s"}},
        {"ContestHold", "a time such as 500ms, 5s, 1min, 2h or 90d", {"infinity", "1 month", ""}},
        {"MaxSessions",
         "a whole number from 1 to 10000",
         {"0", "-1", "10001", "1.5", "one", "", "1 2", "0x1", "99999999999999999999", "infinity"}},
    };
    const Files files;
    for (const Case& one : cases)
        for (const std::string& value : one.values)
            for (const char* const section : {"Policy", "User alice", "Group 7", "Service ftp"})
                expect_equal(files.errors_of(std::string{"["} + section + "]\n# a comment\n" + one.key + "=" +
                                             value + "\n"),
                             "etc/solo.conf:3: " + one.key + "=" + value + " is not " + one.expected);
    expect_equal(files.errors_of("[Daemon]\nDurability=never\n"),
                 "etc/solo.conf:2: Durability=never is not interval or commit");
    expect_equal(files.errors_of("[Daemon]\nHistoryTime=0s\n"),
                 "etc/solo.conf:2: HistoryTime=0s is not a time such as 90s, 10min, 8h or 7d, or infinity");
}

void the_bounds_of_max_sessions_are_valid(void** /*state*/) {
    const Files files;
    expect_equal(rules_of(files.config_of("[Policy]\nMaxSessions=1\n")).max_sessions.value, 1);
    expect_equal(rules_of(files.config_of("[Policy]\nMaxSessions=10000\n")).max_sessions.value, 10000);
}

void a_list_may_be_emptied(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("[Policy]\nExemptUsers=\nIgnoreServices=\nAdminGroup=\n");
    expect(config.policy.exempt_users.value.empty(), "ExemptUsers");
    expect(config.policy.ignored_services.value.empty(), "IgnoreServices");
    expect(!config.admin_group, "AdminGroup");
}

// Names.

void an_unknown_key_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\n\nMaxSession=1\n"),
                 "etc/solo.conf:3: there is no key MaxSession in [Policy]");
    expect_equal(files.errors_of("[User alice]\nmaxsessions=1\n"),
                 "etc/solo.conf:2: there is no key maxsessions in [User alice]");
    expect_equal(files.errors_of("[Daemon]\nSpeed=1\n"),
                 "etc/solo.conf:2: there is no key Speed in [Daemon]");
}

void a_key_in_a_wrong_section_is_an_error(void** /*state*/) {
    const Files files;
    for (const char* const key : {"ExemptUsers=a", "ExemptGroups=0", "IgnoreServices=a", "AdminGroup=0"})
        for (const char* const section : {"User alice", "Group 0", "Service ftp", "Daemon"}) {
            const std::string name = std::string{key}.substr(0, std::string{key}.find('='));
            expect_equal(files.errors_of(std::string{"["} + section + "]\n" + key + "\n"),
                         "etc/solo.conf:2: there is no key " + name + " in [" + section + "]");
        }
    expect_equal(files.errors_of("[Policy]\nDurability=commit\n"),
                 "etc/solo.conf:2: there is no key Durability in [Policy]");
    expect_equal(files.errors_of("[Daemon]\nMaxSessions=2\n"),
                 "etc/solo.conf:2: there is no key MaxSessions in [Daemon]");
}

void an_unknown_section_is_an_error(void** /*state*/) {
    const Files files;
    for (const std::string section :
         {"Polciy", "policy", "User", "Group", "Service", "Policy x", "Daemon x", "user alice", "Policy]"})
        expect_equal(files.errors_of("[" + section + "]\nEnforce=no\n"),
                     "etc/solo.conf:2: Enforce stands in [" + section +
                         "], but the sections are [Policy], [User NAME], [Group NAME], [Service NAME] and "
                         "[Daemon]");
}

void a_key_before_any_section_is_an_error(void** /*state*/) {
    const Files files;
    expect_within(files.errors_of("# a comment\nEnforce=no\n[Policy]\nMaxSessions=2\n"),
                  "etc/solo.conf:2: Enforce stands in [], but");
}

void a_name_of_several_words_is_one_name(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("[  User   two  words ]\nMaxSessions=2\n");
    expect_equal(rules_of(config, "two words").max_sessions.value, 2);
    expect_equal(files.entry("[User two words]", "MaxSessions"), "2 from etc/solo.conf:2");
}

void of_several_groups_the_one_written_first_wins(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "[Group 30]\nMaxSessions=3\n");
    const Config config = files.config_of("[Group 20]\nMaxSessions=2\n[Group 10]\nMaxSessions=4\n");
    expect_equal(rules_of(config, "alice", {10, 20}).max_sessions.value, 2);
    expect_equal(rules_of(config, "alice", {10, 20, 30}).max_sessions.value, 3);
    expect_equal(rules_of(config, "alice", {10}).max_sessions.value, 4);
}

// Groups.

void a_group_is_named_or_numbered(void** /*state*/) {
    const Files files;
    const group* const known = ::getgrgid(0);
    expect(known != nullptr, "there is a group 0");
    const std::string name = known->gr_name;
    const Config config = files.config_of("[Policy]\nAdminGroup=" + name + "\nExemptGroups=" + name +
                                          " 4294967294\n[Group " + name + "]\nMaxSessions=2\n");
    expect(config.admin_group == 0, "AdminGroup");
    expect(config.policy.exempt_groups.value == std::set<std::uint32_t>{0, 4294967294}, "ExemptGroups");
    expect_equal(rules_of(config, "alice", {0}).max_sessions.value, 2);
    expect(config.warnings.empty(), "all are known");
}

void lease_users_are_named_or_numbered(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("[Daemon]\nLeaseUsers=root 33 nobody-a -5 33\n");
    expect(config.lease_users.value == std::set<std::uint32_t>{0, 33}, "LeaseUsers");
    expect_equal(config.warnings.size(), 2U);
    expect_equal(
        files.shortened(config.warnings[1]),
        "etc/solo.conf:2: there is no user \"nobody-a\" here; what is said of it applies after a reload "
        "once there is");
    expect(files.config_of("[Daemon]\nLeaseUsers=\n").lease_users.value.empty(), "nobody");
    files.write("etc/solo.conf", "[Daemon]\n\nLeaseUsers=33 4294967295\n");
    expect_equal(files.errors(false), "etc/solo.conf:3: LeaseUsers: 4294967295 is no user's id");
}

void an_unknown_group_is_a_warning(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("[Policy]\nAdminGroup=nogroup-a\nExemptGroups=nogroup-b 7\n"
                                          "[Group nogroup-c]\nMaxSessions=2\n[Group -5]\nMaxSessions=2\n"
                                          "[Group 4294967296]\nMaxSessions=2\n");
    std::vector<std::string> warnings;
    for (const std::string& warning : config.warnings)
        warnings.push_back(files.shortened(warning));
    const auto warns_of = [&](const std::string& where, const std::string& name) {
        expect(std::ranges::find(warnings, "etc/solo.conf:" + where + ": there is no group \"" + name +
                                               "\" here; what is said of it applies after a reload once "
                                               "there is") != warnings.end(),
               name);
    };
    expect_equal(warnings.size(), 5U);
    warns_of("2", "nogroup-a");
    warns_of("3", "nogroup-b");
    warns_of("5", "nogroup-c");
    warns_of("7", "-5");
    warns_of("9", "4294967296");
    expect(!config.admin_group, "nobody is admin");
    expect(config.policy.exempt_groups.value == std::set<std::uint32_t>{7}, "the others are exempt");
    expect(config.policy.groups.empty(), "no group has rules");
}

void a_wrong_value_for_an_unknown_group_is_an_error_all_the_same(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Group nogroup-c]\nMaxSessions=0\n"),
                 "etc/solo.conf:2: MaxSessions=0 is not a whole number from 1 to 10000");
}

// The form of a file.

void a_key_that_stands_twice_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\nMaxSessions=2\nMaxSessions=3\n"),
                 "etc/solo.conf:3: MaxSessions is set twice in [Policy]");
    expect_equal(files.errors_of("[Policy]\nMaxSessions=2\nEnforce=no\n MaxSessions = 2\n"),
                 "etc/solo.conf:4: MaxSessions is set twice in [Policy]");
    expect_equal(files.errors_of("[User a  b]\nEnforce=no\nEnforce=no\n"),
                 "etc/solo.conf:3: Enforce is set twice in [User a b]");
}

void a_section_that_stands_twice_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\nEnforce=no\n[Daemon]\n[ Policy ]\nMaxSessions=2\n"),
                 "etc/solo.conf:4: section [Policy] stands in line 1 already; put its keys there");
    expect_equal(files.errors_of("[User a b]\n[User a  b] # again\n"),
                 "etc/solo.conf:2: section [User a b] stands in line 1 already; put its keys there");
}

void a_line_without_a_delimiter_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\n\nMaxSessions 2\n"), "etc/solo.conf:3: Missing delimiter");
    expect_equal(files.errors_of("[Policy]\nMaxSessions\n"),
                 "etc/solo.conf:2: MaxSessions has no value; write KEY=VALUE");
    expect_equal(files.errors_of("[Policy]\nMaxSessions=2\n\nEnforce\n"),
                 "etc/solo.conf:4: Enforce has no value; write KEY=VALUE");
    expect_equal(files.errors_of("[Policy]\nMaxSessions:2\n"),
                 "etc/solo.conf:2: MaxSessions:2 has no value; write KEY=VALUE");
    expect_equal(files.errors_of("[Policy]\n; MaxSessions=2\n"), "etc/solo.conf:2: Missing delimiter");
}

void a_value_without_a_key_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\n=2\n"), "etc/solo.conf:2: no key stands before the =");
    expect_equal(files.errors_of("[Policy]\n  = 2\n"), "etc/solo.conf:2: no key stands before the =");
}

void a_broken_section_is_an_error(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy\nMaxSessions=2\n"), "etc/solo.conf:1: Missing bracket");
    expect_equal(files.errors_of("[Policy]\n[Daemon\n"), "etc/solo.conf:2: Missing bracket");
    expect_equal(files.errors_of("[Policy] x\n"), "etc/solo.conf:1: Text after section");
    expect_equal(files.errors_of("\n[]\n"), "etc/solo.conf:2: Empty section name");
    expect_equal(files.errors_of("[User # x]\nMaxSessions=2\n"), "etc/solo.conf:1: Missing bracket");
}

void a_value_may_go_on_in_the_next_lines(void** /*state*/) {
    const Files files;
    const Config config =
        files.config_of("[Policy]\nExemptUsers=a b\n c # some\n   d\nEnforce=no\nMessage=Call\n 112.\n");
    expect(config.policy.exempt_users.value == std::set<std::string>{"a", "b", "c", "d"}, "four users");
    expect(!rules_of(config).enforce.value, "the next key is one again");
    expect_equal(rules_of(config).message.value, "Call 112.");
    expect_equal(files.entry("[Policy]", "ExemptUsers"), "a b c d from etc/solo.conf:2");
    expect_equal(files.entry("[Policy]", "Enforce"), "no from etc/solo.conf:5");
}

void comments_stand_alone_or_behind(void** /*state*/) {
    const Files files;
    const Config config = files.config_of("# [User alice]\n [Policy] # the policy\n #Enforce=no\n"
                                          "MaxSessions=2 # two\nMessage=a;b=c\n#\n");
    expect(rules_of(config).enforce.value, "a comment sets nothing");
    expect_equal(rules_of(config).max_sessions.value, 2);
    expect_equal(rules_of(config).message.value, "a;b=c");
}

void lines_may_end_as_windows_has_them(void** /*state*/) {
    const Files files;
    const Config config = files.config_of(
        "[Policy]\r\nMaxSessions=2\r\n\r\n# x\r\nMessage=hm\r\n[User alice]\r\nEnforce=no\r\n");
    expect_equal(rules_of(config).max_sessions.value, 2);
    expect_equal(rules_of(config).message.value, "hm");
    expect(!rules_of(config, "alice").enforce.value, "the section is [User alice]");
}

void the_last_line_needs_no_end(void** /*state*/) {
    const Files files;
    expect_equal(rules_of(files.config_of("[Policy]\nMaxSessions=2")).max_sessions.value, 2);
}

void a_file_may_be_empty(void** /*state*/) {
    const Files files;
    for (const char* const text : {"", "\n", "\n\n  \n", "# nothing\n", "[Policy]\n"})
        expect_equal(rules_of(files.config_of(text)).max_sessions.value, 1);
}

void what_libeconf_would_misread_is_an_error(void** /*state*/) {
    const Files files;
    using namespace std::string_literals;
    const std::string problem = ": the line is too long or holds a NUL";
    expect_equal(files.errors_of("[Policy]\nMessage=a\0b\n"s), "etc/solo.conf:2" + problem);
    expect_equal(files.errors_of("[Policy]\nMessage=" + std::string(9000, 'x') + " Enforce=no\n"),
                 "etc/solo.conf:2" + problem);
    const std::string long_text(8000, 'x');
    expect_equal(rules_of(files.config_of("[Policy]\nMessage=" + long_text + "\n")).message.value, long_text);
}

void hostile_bytes_are_escaped_in_errors(void** /*state*/) {
    const Files files;
    expect_equal(files.errors_of("[Policy]\nMaxSessions=\x1b[2J\x9b\n"),
                 "etc/solo.conf:2: MaxSessions=\\x1b[2J\\x9b is not a whole number from 1 to 10000");
    expect_equal(files.errors_of("[Policy]\nMax\x1b[2J=1\n"),
                 "etc/solo.conf:2: there is no key Max\\x1b[2J in [Policy]");
    expect_within(files.errors_of("[Pol\x1b[2Jicy]\nEnforce=no\n"),
                  "Enforce stands in [Pol\\x1b[2Jicy], but");
    expect_equal(files.errors_of("[User \x07]\n[User \x07]\n"),
                 "etc/solo.conf:2: section [User \\x07] stands in line 1 already; put its keys there");
    expect_equal(files.errors_of("[User \x07]\nE=1\nE=1\n"),
                 "etc/solo.conf:3: E is set twice in [User \\x07]");
    expect_within(files.config_of("[Policy]\nAdminGroup=no\x1b[2J\n").warnings.front(), "\"no\\x1b[2J\"");
}

void all_errors_are_told_at_once(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "[Policy]\nEnforce=perhaps\n");
    files.write("etc/solo.conf",
                "[Policy]\nMaxSessions=0\nNonsense=1\n[Daemon]\nDurability=x\n[Else]\nA=1\n");
    files.write("etc/solo.conf.d/10.conf", "[Policy\n");
    files.write("etc/solo.conf.d/20.conf", "[Policy]\nA=1\nA=2\n[Policy]\n");
    const std::string errors = files.errors();
    for (const char* const error :
         {"vendor/solo.conf:2: Enforce=perhaps is not yes or no",
          "etc/solo.conf:2: MaxSessions=0 is not a whole number from 1 to 10000",
          "etc/solo.conf:3: there is no key Nonsense in [Policy]",
          "etc/solo.conf:5: Durability=x is not interval or commit", "etc/solo.conf:7: A stands in [Else]",
          "etc/solo.conf.d/10.conf:1: Missing bracket",
          "etc/solo.conf.d/20.conf:3: A is set twice in [Policy]",
          "etc/solo.conf.d/20.conf:4: section [Policy] stands in line 1 already"})
        expect_within(errors, error);
    expect_equal(std::ranges::count(errors, '\n'), 7);
}

void errors_come_in_the_order_of_the_files_and_their_lines(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "[Daemon]\n\nHistoryTime=x\n[Policy]\nZ=1\nEnforce=x\n");
    files.write("etc/solo.conf",
                "[Policy]\nMessage={x}\nMaxSessions=0\n[User a]\nB=1\nA=1\n[Daemon]\nA=1\n\nB=1\n");
    files.write("etc/solo.conf.d/10.conf", "[Policy\n");
    std::string places;
    std::istringstream lines{files.errors()};
    for (std::string line; std::getline(lines, line);)
        places += line.substr(0, line.find(": ")) + "\n";
    expect_equal(places, "vendor/solo.conf:3\nvendor/solo.conf:5\nvendor/solo.conf:6\n"
                         "etc/solo.conf:2\netc/solo.conf:3\netc/solo.conf:5\netc/solo.conf:6\n"
                         "etc/solo.conf:8\netc/solo.conf:10\netc/solo.conf.d/10.conf:1\n");
}

// Files.

void later_files_override_key_by_key(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "[Policy]\nMaxSessions=1\nMessage=a\nGraceTime=1s\nEnforce=no\n"
                                    "OnConflict=supersede\n[User alice]\nMaxSessions=9\n");
    files.write("vendor/solo.conf.d/90.conf",
                "[Policy]\nMaxSessions=2\nMessage=b\nGraceTime=2s\nEnforce=yes\n");
    files.write("etc/solo.conf", "[Policy]\nMaxSessions=3\nMessage=c\nGraceTime=3s\n");
    files.write("etc/solo.conf.d/20.conf", "[Policy]\nMaxSessions=5\n");
    files.write("etc/solo.conf.d/10.conf", "[Policy]\nMaxSessions=4\nMessage=d\n");
    files.write("etc/solo.conf.d/30.txt", "nonsense\n");
    expect_equal(files.entry("[Policy]", "MaxSessions"), "5 from etc/solo.conf.d/20.conf:2");
    expect_equal(files.entry("[Policy]", "Message"), "d from etc/solo.conf.d/10.conf:3");
    expect_equal(files.entry("[Policy]", "GraceTime"), "3s from etc/solo.conf:4");
    expect_equal(files.entry("[Policy]", "Enforce"), "yes from vendor/solo.conf.d/90.conf:5");
    expect_equal(files.entry("[Policy]", "OnConflict"), "supersede from vendor/solo.conf:6");
    expect_equal(files.entry("[User alice]", "MaxSessions"), "9 from vendor/solo.conf:8");
    expect_equal(files.entry("[Policy]", "RevealHolder"), "yes from (default)");
    const Config config = files.config();
    const Rules rules = rules_of(config);
    expect_equal(rules.max_sessions.value, 5);
    expect_equal(shown(rules.max_sessions.source->section), shown("[Policy]"));
    expect_equal(files.shortened(rules.max_sessions.source->file), "etc/solo.conf.d/20.conf");
    expect_equal(rules.max_sessions.source->line, 2);
    expect_equal(rules.message.value, "d");
    expect(rules.grace_time.value == 3s, "GraceTime");
    expect_equal(rules.on_conflict.value, OnConflict::supersede);
}

void drop_ins_are_read_without_a_main_file(void** /*state*/) {
    const Files files;
    files.write("etc/solo.conf.d/10.conf", "[Policy]\nMaxSessions=4\n");
    expect_equal(files.entry("[Policy]", "MaxSessions"), "4 from etc/solo.conf.d/10.conf:2");
}

void a_value_that_a_later_file_overrides_may_be_wrong(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "[Policy]\nMaxSessions=0\n");
    files.write("etc/solo.conf", "[Policy]\nMaxSessions=4\n");
    expect_equal(files.entry("[Policy]", "MaxSessions"), "4 from etc/solo.conf:2");
}

void every_key_has_an_entry(void** /*state*/) {
    const Files files;
    files.write("etc/solo.conf", "[Group 5]\nMessage=m\n");
    for (const char* const key :
         {"Enforce", "OnConflict", "MaxSessions", "CountBy", "GraceTime", "OnLeaderExit", "MaxLifetime",
          "IdleTimeout", "ContestLimit", "ContestWindow", "ContestHold", "ContestAction", "RevealHolder",
          "Message", "ExemptUsers", "ExemptGroups", "IgnoreServices", "AdminGroup"})
        expect_within(files.entry("[Policy]", key), " from (default)");
    expect_equal(files.entry("[Policy]", "GraceTime"), "5s from (default)");
    expect_equal(files.entry("[Policy]", "ExemptUsers"), "root from (default)");
    expect_equal(files.entry("[Daemon]", "Durability"), "interval from (default)");
    expect_equal(files.entry("[Daemon]", "HistoryTime"), "90d from (default)");
    expect_equal(files.entry("[Daemon]", "LeaseUsers"), " from (default)");
    expect_equal(files.entry("[Group 5]", "Message"), "m from etc/solo.conf:2");
}

void a_missing_file_is_an_error_only_where_it_was_asked_for(void** /*state*/) {
    const Files files;
    expect_equal(files.errors(false), "");
    expect_equal(files.errors(true), "etc/solo.conf: there is no such file");
    files.write("etc/solo.conf.d/10.conf", "[Policy]\nMaxSessions=4\n");
    expect_equal(files.errors(false), "");
    expect_equal(files.errors(true), "etc/solo.conf: there is no such file");
}

void a_file_that_is_there_is_fine_where_it_was_asked_for(void** /*state*/) {
    const Files files;
    files.write("etc/solo.conf", "");
    expect_equal(files.errors(true), "");
}

void a_directory_in_place_of_a_file_is_an_error(void** /*state*/) {
    const Files files;
    std::filesystem::create_directories(files.path("etc/solo.conf"));
    expect_equal(files.errors(), "etc/solo.conf: is no regular file");
    expect_equal(files.errors(true), "etc/solo.conf: is no regular file");
}

void a_fifo_in_place_of_a_file_is_an_error_at_once(void** /*state*/) {
    const Files files;
    files.write("vendor/solo.conf", "");
    std::filesystem::create_directories(files.path("etc/solo.conf.d"));
    expect(::mkfifo(files.path("etc/solo.conf").c_str(), 0644) == 0, "made");
    expect(::mkfifo(files.path("etc/solo.conf.d/10.conf").c_str(), 0644) == 0, "made");
    expect_equal(files.errors(),
                 "etc/solo.conf: is no regular file\netc/solo.conf.d/10.conf: is no regular file");
}

void a_file_in_place_of_the_drop_ins_directory_is_an_error(void** /*state*/) {
    const Files files;
    files.write("etc/solo.conf.d", "");
    expect_equal(files.errors(), "etc/solo.conf.d: cannot be read: Not a directory");
}

void a_file_that_others_may_change_is_refused(void** /*state*/) {
    const Files files;
    const std::string problem = "etc/solo.conf: must belong to root and be writable by root alone";
    const std::string file = files.write("etc/solo.conf", "[Policy]\nEnforce=no\n");
    for (const mode_t mode : {0664, 0646, 0666, 0777}) {
        ::chmod(file.c_str(), mode);
        expect_equal(files.errors(), problem);
    }
    ::chmod(file.c_str(), 0644);
    expect_equal(files.errors(), "");
    expect(::chown(file.c_str(), 1, 0) == 0, "given away");
    expect_equal(files.errors(), problem);
    expect(::chown(file.c_str(), 0, 1) == 0, "given away");
    expect_equal(files.errors(), "");
    const std::string drop_in = files.write("etc/solo.conf.d/10.conf", "");
    ::chmod(drop_in.c_str(), 0666);
    expect_equal(files.errors(),
                 "etc/solo.conf.d/10.conf: must belong to root and be writable by root alone");
}

void a_link_is_as_good_as_what_it_leads_to(void** /*state*/) {
    const Files files;
    const std::string real = files.write("real", "[Policy]\nMaxSessions=6\n");
    std::filesystem::create_directories(files.path("etc"));
    std::filesystem::create_symlink(real, files.path("etc/solo.conf"));
    expect_equal(files.entry("[Policy]", "MaxSessions"), "6 from etc/solo.conf:2");
    expect(::chown(real.c_str(), 1, 1) == 0, "given away");
    expect_equal(files.errors(), "etc/solo.conf: must belong to root and be writable by root alone");
}

void a_link_to_nothing_is_an_error(void** /*state*/) {
    const Files files;
    std::filesystem::create_directories(files.path("etc/solo.conf.d"));
    std::filesystem::create_symlink("nowhere", files.path("etc/solo.conf"));
    std::filesystem::create_symlink("loop.conf", files.path("etc/solo.conf.d/loop.conf"));
    expect_equal(files.errors(),
                 "etc/solo.conf: cannot be read: No such file or directory\n"
                 "etc/solo.conf.d/loop.conf: cannot be read: Too many levels of symbolic links");
}

void a_file_that_cannot_be_read_is_an_error(void** /*state*/) {
    const Files files;
    const std::string file = files.write("etc/solo.conf", "[Policy]\nMaxSessions=6\n");
    ::chmod(file.c_str(), 0600);
    ::chmod(files.path("etc").c_str(), 0755);
    in_child([&] {
        expect(::setgid(65534) == 0 && ::setuid(65534) == 0, "nobody");
        expect_equal(files.errors(), "etc/solo.conf: cannot be read: Permission denied");
    });
}

/// A reload while no descriptor is free must not take half of the configuration for all of it.
void without_a_free_descriptor_nothing_is_read(void** /*state*/) {
    const Files files;
    files.write("etc/solo.conf.d/10.conf", "[Policy]\nMaxSessions=6\n");
    in_child([&] {
        const protocol::UniqueFd lowest{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
        const rlimit none{static_cast<rlim_t>(lowest.get()) + 1, static_cast<rlim_t>(lowest.get()) + 1};
        ::setrlimit(RLIMIT_NOFILE, &none);
        expect_within(files.errors(), "etc/solo.conf.d: cannot be read: Too many open files");
    });
}

} // namespace

int main() {
    if (::geteuid() != 0) {
        print_message("only root can make files that solod trusts\n");
        return 77;
    }
    const CMUnitTest tests[] = {
        SOLO_TEST(without_any_file_the_built_in_values_hold),
        SOLO_TEST(every_key_of_the_policy_is_read),
        SOLO_TEST(every_rule_may_be_set_for_a_user_a_group_and_a_service),
        SOLO_TEST(the_same_key_in_neighbouring_sections_is_read_in_each),
        SOLO_TEST(every_key_of_conflicts_and_times_is_read),
        SOLO_TEST(a_limit_in_time_may_be_infinite_and_not_nothing),
        SOLO_TEST(a_placeholder_that_there_is_not_is_an_error),
        SOLO_TEST(yes_and_no_have_four_spellings_each),
        SOLO_TEST(times_are_read_in_every_unit),
        SOLO_TEST(times_that_are_none_are_errors),
        SOLO_TEST(wrong_values_are_errors_that_say_what_is_expected),
        SOLO_TEST(the_bounds_of_max_sessions_are_valid),
        SOLO_TEST(a_list_may_be_emptied),
        SOLO_TEST(an_unknown_key_is_an_error),
        SOLO_TEST(a_key_in_a_wrong_section_is_an_error),
        SOLO_TEST(an_unknown_section_is_an_error),
        SOLO_TEST(a_key_before_any_section_is_an_error),
        SOLO_TEST(a_name_of_several_words_is_one_name),
        SOLO_TEST(of_several_groups_the_one_written_first_wins),
        SOLO_TEST(a_group_is_named_or_numbered),
        SOLO_TEST(lease_users_are_named_or_numbered),
        SOLO_TEST(an_unknown_group_is_a_warning),
        SOLO_TEST(a_wrong_value_for_an_unknown_group_is_an_error_all_the_same),
        SOLO_TEST(a_key_that_stands_twice_is_an_error),
        SOLO_TEST(a_section_that_stands_twice_is_an_error),
        SOLO_TEST(a_line_without_a_delimiter_is_an_error),
        SOLO_TEST(a_value_without_a_key_is_an_error),
        SOLO_TEST(a_broken_section_is_an_error),
        SOLO_TEST(a_value_may_go_on_in_the_next_lines),
        SOLO_TEST(comments_stand_alone_or_behind),
        SOLO_TEST(lines_may_end_as_windows_has_them),
        SOLO_TEST(the_last_line_needs_no_end),
        SOLO_TEST(a_file_may_be_empty),
        SOLO_TEST(what_libeconf_would_misread_is_an_error),
        SOLO_TEST(hostile_bytes_are_escaped_in_errors),
        SOLO_TEST(all_errors_are_told_at_once),
        SOLO_TEST(errors_come_in_the_order_of_the_files_and_their_lines),
        SOLO_TEST(later_files_override_key_by_key),
        SOLO_TEST(drop_ins_are_read_without_a_main_file),
        SOLO_TEST(a_value_that_a_later_file_overrides_may_be_wrong),
        SOLO_TEST(every_key_has_an_entry),
        SOLO_TEST(a_missing_file_is_an_error_only_where_it_was_asked_for),
        SOLO_TEST(a_file_that_is_there_is_fine_where_it_was_asked_for),
        SOLO_TEST(a_directory_in_place_of_a_file_is_an_error),
        SOLO_TEST(a_fifo_in_place_of_a_file_is_an_error_at_once),
        SOLO_TEST(a_file_in_place_of_the_drop_ins_directory_is_an_error),
        SOLO_TEST(a_file_that_others_may_change_is_refused),
        SOLO_TEST(a_link_is_as_good_as_what_it_leads_to),
        SOLO_TEST(a_link_to_nothing_is_an_error),
        SOLO_TEST(a_file_that_cannot_be_read_is_an_error),
        SOLO_TEST(without_a_free_descriptor_nothing_is_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
