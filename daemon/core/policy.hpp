// SPDX-License-Identifier: MIT
// Which rule fits a login. Pure: the configuration's values in, a ruling out.
#pragma once

#include "protocol/login_messages.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace solo {

enum class OnConflict : std::uint8_t { refuse, supersede, ask };

constexpr auto enum_names(OnConflict /*unused*/) {
    return std::to_array<std::string_view>({"refuse", "supersede", "ask"});
}

/// What takes one slot: each session, or all sessions of one origin together.
enum class CountBy : std::uint8_t { session, origin };

constexpr auto enum_names(CountBy /*unused*/) {
    return std::to_array<std::string_view>({"session", "origin"});
}

/// What becomes of an account whose logins keep superseding each other.
enum class ContestAction : std::uint8_t {
    refuse, ///< for a while nobody supersedes
    lock,   ///< all its sessions end, and nobody logs in until it is unlocked
};

constexpr auto enum_names(ContestAction /*unused*/) {
    return std::to_array<std::string_view>({"refuse", "lock"});
}

enum class OnLeaderExit : std::uint8_t { end, release };

constexpr auto enum_names(OnLeaderExit /*unused*/) {
    return std::to_array<std::string_view>({"end", "release"});
}

/// Where a value of the configuration stands. The rules go along with every login, each with its source, so
/// copies share the text.
class Source {
public:
    struct Place {
        std::string section = "[Policy]"; ///< as written, "[Group contractors]"
        std::string file;                 ///< empty for a built-in value
        int line = 0;
    };

    /// A built-in value.
    Source() = default;
    Source(std::string section, std::string file, int line)
        : place_{std::make_shared<Place>(std::move(section), std::move(file), line)} {}

    const Place* operator->() const;

private:
    std::shared_ptr<const Place> place_; ///< none for a built-in value
};

/// Names a key and where its value stands: "[Group contractors] OnConflict (/etc/solo/solo.conf:7)".
std::string rule_text(const Source& source, std::string_view key);

/// A time after which something ends; none for infinity.
using TimeLimit = std::optional<std::chrono::milliseconds>;

/// A value of the configuration and where it comes from.
template<class T>
struct Setting {
    using Value = T;

    T value{};
    Source source{};
};

/// The keys that [Policy] sets and that [User], [Group] and [Service] override. A default is the built-in
/// value.
struct Rules {
    Setting<bool> enforce{true};
    Setting<OnConflict> on_conflict{OnConflict::refuse};
    Setting<int> max_sessions{1};
    Setting<CountBy> count_by{CountBy::session};
    Setting<std::chrono::milliseconds> grace_time{std::chrono::seconds{5}};
    Setting<OnLeaderExit> on_leader_exit{OnLeaderExit::end};
    Setting<TimeLimit> max_lifetime{};
    Setting<TimeLimit> idle_timeout{};
    Setting<int> contest_limit{3};
    Setting<std::chrono::milliseconds> contest_window{std::chrono::minutes{1}};
    Setting<std::chrono::milliseconds> contest_hold{std::chrono::minutes{5}};
    Setting<ContestAction> contest_action{ContestAction::refuse};
    Setting<bool> reveal_holder{true};
    Setting<std::string> message{};
};

/// What one section says of the Rules.
struct Overrides {
    std::optional<Setting<bool>> enforce;
    std::optional<Setting<OnConflict>> on_conflict;
    std::optional<Setting<int>> max_sessions;
    std::optional<Setting<CountBy>> count_by;
    std::optional<Setting<std::chrono::milliseconds>> grace_time;
    std::optional<Setting<OnLeaderExit>> on_leader_exit;
    std::optional<Setting<TimeLimit>> max_lifetime;
    std::optional<Setting<TimeLimit>> idle_timeout;
    std::optional<Setting<int>> contest_limit;
    std::optional<Setting<std::chrono::milliseconds>> contest_window;
    std::optional<Setting<std::chrono::milliseconds>> contest_hold;
    std::optional<Setting<ContestAction>> contest_action;
    std::optional<Setting<bool>> reveal_holder;
    std::optional<Setting<std::string>> message;
};

/// A key of the Rules: its name in the configuration and its place in both structs.
template<class T>
struct RuleKey {
    std::string_view name;
    Setting<T> Rules::*rule;
    std::optional<Setting<T>> Overrides::*override;
};

/// All keys of the Rules: the one list by which they are merged, read and shown.
inline constexpr std::tuple rule_keys{
    RuleKey<bool>{"Enforce", &Rules::enforce, &Overrides::enforce},
    RuleKey<OnConflict>{"OnConflict", &Rules::on_conflict, &Overrides::on_conflict},
    RuleKey<int>{"MaxSessions", &Rules::max_sessions, &Overrides::max_sessions},
    RuleKey<CountBy>{"CountBy", &Rules::count_by, &Overrides::count_by},
    RuleKey<std::chrono::milliseconds>{"GraceTime", &Rules::grace_time, &Overrides::grace_time},
    RuleKey<OnLeaderExit>{"OnLeaderExit", &Rules::on_leader_exit, &Overrides::on_leader_exit},
    RuleKey<TimeLimit>{"MaxLifetime", &Rules::max_lifetime, &Overrides::max_lifetime},
    RuleKey<TimeLimit>{"IdleTimeout", &Rules::idle_timeout, &Overrides::idle_timeout},
    RuleKey<int>{"ContestLimit", &Rules::contest_limit, &Overrides::contest_limit},
    RuleKey<std::chrono::milliseconds>{"ContestWindow", &Rules::contest_window, &Overrides::contest_window},
    RuleKey<std::chrono::milliseconds>{"ContestHold", &Rules::contest_hold, &Overrides::contest_hold},
    RuleKey<ContestAction>{"ContestAction", &Rules::contest_action, &Overrides::contest_action},
    RuleKey<bool>{"RevealHolder", &Rules::reveal_holder, &Overrides::reveal_holder},
    RuleKey<std::string>{"Message", &Rules::message, &Overrides::message},
};

/// Services that are no login: whoever uses them has logged in already, or is no person.
extern const std::vector<std::string_view> default_ignored_services;

/// The configuration as policy sees it: names of groups are resolved already.
struct PolicySettings {
    Overrides policy;                                        ///< [Policy]
    std::map<std::string, Overrides> users;                  ///< [User NAME]
    std::vector<std::pair<std::uint32_t, Overrides>> groups; ///< [Group NAME] by gid, in the order written
    std::map<std::string, Overrides> services;               ///< [Service NAME]
    Setting<std::set<std::string>> exempt_users{{"root"}};
    Setting<std::set<std::uint32_t>> exempt_groups{};
    Setting<std::set<std::string>> ignored_services{
        {default_ignored_services.begin(), default_ignored_services.end()}};
};

/// What the configuration says of one login.
struct Ruling {
    enum class Kind : std::uint8_t {
        ignored, ///< not a login
        exempt,  ///< recorded, needs no slot
        limited, ///< needs a slot
    };

    Kind kind = Kind::limited;
    Rules rules;
    std::string rule; ///< what makes it ignored or exempt, as rule_text() has it
};

class Policy {
public:
    Policy() = default;
    explicit Policy(PolicySettings settings) : settings_{std::move(settings)} {}

    /// The ruling for a login of this account through this service. User overrides Group, Group overrides
    /// Service, Service overrides [Policy]; of several groups the one written first wins.
    [[nodiscard]] Ruling ruling(const protocol::Account& account, std::string_view service) const;

    /// Whether a ruling would have to know the account's groups, and they are not said.
    [[nodiscard]] bool needs_groups(const protocol::Account& account, std::string_view service) const;

    [[nodiscard]] const PolicySettings& settings() const { return settings_; }

private:
    [[nodiscard]] bool is_ignored(std::string_view service) const;
    [[nodiscard]] Rules rules(const protocol::Account& account, std::string_view service) const;

    PolicySettings settings_;
};

} // namespace solo
