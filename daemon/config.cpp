// SPDX-License-Identifier: MIT
#include "daemon/config.hpp"

#include "daemon/message_template.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>

namespace solo {

namespace {

namespace fs = std::filesystem;
using protocol::printable;

/// Effective lines by section and key, sections in the order in which they were first seen.
struct Merged {
    std::vector<std::string> files; ///< in the order in which they are read
    std::vector<std::string> sections;
    std::map<std::string, std::map<std::string, ConfigLine>> lines;
};

/// The file, where there is one, and its drop-ins. A link to nothing counts as a file, so that it is found
/// wrong.
std::vector<std::string> files_in(const fs::path& main_file, ConfigErrors& errors) {
    std::error_code error;
    std::vector<std::string> files;
    if (fs::exists(fs::symlink_status(main_file, error)))
        files.push_back(main_file);
    std::vector<std::string> drop_ins;
    const fs::path directory = fs::path{main_file} += ".d";
    for (const auto& entry : fs::directory_iterator{directory, error})
        if (entry.path().extension() == ".conf")
            drop_ins.push_back(entry.path());
    if (error && error != std::errc::no_such_file_or_directory)
        errors.push_back(fmt::format("{}: cannot be read: {}", directory.native(), error.message()));
    std::ranges::sort(drop_ins);
    files.insert(files.end(), drop_ins.begin(), drop_ins.end());
    return files;
}

void merge(Merged& merged, const std::vector<ConfigLine>& lines) {
    for (const ConfigLine& line : lines) {
        if (!merged.lines.contains(line.section))
            merged.sections.push_back(line.section);
        merged.lines[line.section][line.key] = line;
    }
}

Merged read_all(const ConfigPaths& paths, ConfigErrors& errors) {
    Merged merged;
    auto files = files_in(fs::path{paths.vendor_dir} / "solo.conf", errors);
    const auto own = files_in(paths.file, errors);
    files.insert(files.end(), own.begin(), own.end());
    if (paths.must_exist && std::ranges::find(own, paths.file) == own.end())
        errors.push_back(fmt::format("{}: there is no such file", paths.file));
    for (const std::string& file : files) {
        if (const auto lines = read_config_file(file))
            merge(merged, *lines);
        else
            errors.insert(errors.end(), lines.error().begin(), lines.error().end());
    }
    merged.files = std::move(files);
    return merged;
}

/// Where in the files the thing stands that a sentence is about ("/etc/solo/solo.conf:7: …"): the file's
/// number, and the line. What is about no line comes first.
std::pair<std::size_t, int> place_of(const std::string& sentence, const std::vector<std::string>& files) {
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!sentence.starts_with(files[i] + ":"))
            continue;
        int line = 0;
        (void)std::from_chars(sentence.data() + files[i].size() + 1, sentence.data() + sentence.size(), line);
        return {i + 1, line};
    }
    return {};
}

/// Sections and keys are looked at in another order than they are written.
void sort_by_place(std::vector<std::string>& sentences, const std::vector<std::string>& files) {
    std::ranges::stable_sort(sentences, {},
                             [&](const std::string& sentence) { return place_of(sentence, files); });
}

/// Reads a line's value; on failure says what was expected.
template<class T>
bool read_value(const ConfigLine& line, T& value, ConfigErrors& errors) {
    if (parse_value(line.value, value))
        return true;
    errors.push_back(fmt::format("{}: {}={} is not {}", line.where(), line.key, printable(line.value),
                                 expected_value(value)));
    return false;
}

Source source_of(const ConfigLine& line) {
    return {"[" + line.section + "]", line.file, line.line};
}

template<class T>
bool read_setting(const ConfigLine& line, Setting<T>& setting, ConfigErrors& errors) {
    setting.source = source_of(line);
    return read_value(line, setting.value, errors);
}

void check_message(const ConfigLine& line, ConfigErrors& errors) {
    if (const auto unknown = unknown_placeholder(line.value))
        errors.push_back(
            fmt::format("{}: {}: there is no placeholder {}; there are {{account}}, {{holder}} and "
                        "{{since}}",
                        line.where(), line.key, printable(*unknown)));
}

/// Reads a line that sets one of the Rules; false where its key is none of them.
bool read_rule(const ConfigLine& line, Overrides& overrides, ConfigErrors& errors) {
    const auto try_key = [&]<class T>(const RuleKey<T>& key) {
        if (key.name != line.key)
            return false;
        read_setting(line, (overrides.*key.override).emplace(), errors);
        if (key.name == "Message")
            check_message(line, errors);
        return true;
    };
    return std::apply([&](const auto&... key) { return (try_key(key) || ...); }, rule_keys);
}

std::optional<std::uint32_t> number_of(const std::string& text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

void warn_of_unknown(std::string_view what, const std::string& name, const std::string& where,
                     std::vector<std::string>& warnings) {
    warnings.push_back(
        fmt::format("{}: there is no {} \"{}\" here; what is said of it applies after a reload "
                    "once there is",
                    where, what, printable(name)));
}

/// The gid of a group, by name or number; a name that NSS does not know is a warning: it may be known later.
std::optional<std::uint32_t> find_group(const std::string& name, const std::string& where,
                                        std::vector<std::string>& warnings) {
    if (const auto gid = number_of(name))
        return gid;
    if (const group* const found = ::getgrnam(name.c_str()))
        return found->gr_gid;
    warn_of_unknown("group", name, where, warnings);
    return std::nullopt;
}

/// The same for the uid of a user.
std::optional<std::uint32_t> find_user(const std::string& name, const std::string& where,
                                       std::vector<std::string>& warnings) {
    if (const auto uid = number_of(name))
        return uid;
    if (const passwd* const found = ::getpwnam(name.c_str()))
        return found->pw_uid;
    warn_of_unknown("user", name, where, warnings);
    return std::nullopt;
}

/// Reads the merged lines into a Config.
class Interpreter {
public:
    explicit Interpreter(ConfigErrors& errors) : errors_{errors} {}

    Config read(const Merged& merged) {
        for (const std::string& section : merged.sections)
            for (const auto& [key, line] : merged.lines.at(section))
                read_line(line);
        for (auto& [name, overrides] : groups_)
            if (const auto gid = find_group(name, overrides.first, config_.warnings))
                config_.policy.groups.emplace_back(*gid, std::move(overrides.second));
        return std::move(config_);
    }

private:
    void read_line(const ConfigLine& line) {
        const auto blank = line.section.find(' ');
        const std::string kind = line.section.substr(0, blank);
        const std::string name = blank == std::string::npos ? "" : line.section.substr(blank + 1);
        if (kind == "Policy" && name.empty())
            known(line, read_rule(line, config_.policy.policy, errors_) || read_global(line));
        else if (kind == "Daemon" && name.empty())
            known(line, read_daemon(line));
        else if (kind == "User" && !name.empty())
            known(line, read_rule(line, config_.policy.users[name], errors_));
        else if (kind == "Group" && !name.empty())
            known(line, read_rule(line, group(name, line), errors_));
        else if (kind == "Service" && !name.empty())
            known(line, read_rule(line, config_.policy.services[name], errors_));
        else
            errors_.push_back(
                fmt::format("{}: {} stands in [{}], but the sections are [Policy], [User NAME], "
                            "[Group NAME], [Service NAME] and [Daemon]",
                            line.where(), printable(line.key), printable(line.section)));
    }

    void known(const ConfigLine& line, bool is_known) {
        if (!is_known)
            errors_.push_back(fmt::format("{}: there is no key {} in [{}]", line.where(), printable(line.key),
                                          printable(line.section)));
    }

    bool read_global(const ConfigLine& line) {
        PolicySettings& policy = config_.policy;
        if (line.key == "ExemptUsers")
            read_setting(line, policy.exempt_users, errors_);
        else if (line.key == "IgnoreServices")
            read_setting(line, policy.ignored_services, errors_);
        else if (line.key == "ExemptGroups")
            read_exempt_groups(line);
        else if (line.key == "AdminGroup")
            config_.admin_group =
                line.value.empty() ? std::nullopt : find_group(line.value, line.where(), config_.warnings);
        else
            return false;
        return true;
    }

    void read_exempt_groups(const ConfigLine& line) {
        std::set<std::string> names;
        auto& groups = config_.policy.exempt_groups;
        groups.source = source_of(line);
        parse_value(line.value, names);
        for (const std::string& name : names)
            if (const auto gid = find_group(name, line.where(), config_.warnings))
                groups.value.insert(*gid);
    }

    bool read_daemon(const ConfigLine& line) {
        if (line.key == "Durability")
            read_setting(line, config_.durability, errors_);
        else if (line.key == "HistoryTime")
            read_setting(line, config_.history_time, errors_);
        else if (line.key == "LeaseUsers")
            read_lease_users(line);
        else
            return false;
        return true;
    }

    void read_lease_users(const ConfigLine& line) {
        constexpr auto nobody = std::numeric_limits<std::uint32_t>::max(); // chown(2)
        std::set<std::string> names;
        config_.lease_users.source = source_of(line);
        parse_value(line.value, names);
        for (const std::string& name : names) {
            const auto uid = find_user(name, line.where(), config_.warnings);
            if (uid == nobody)
                errors_.push_back(fmt::format("{}: {}: {} is no user's id", line.where(), line.key, name));
            else if (uid)
                config_.lease_users.value.insert(*uid);
        }
    }

    Overrides& group(const std::string& name, const ConfigLine& line) {
        const auto found = std::ranges::find(groups_, name, &std::pair<std::string, Located>::first);
        if (found != groups_.end())
            return found->second.second;
        return groups_.emplace_back(name, Located{line.where(), {}}).second.second;
    }

    using Located = std::pair<std::string, Overrides>;

    Config config_;
    std::vector<std::pair<std::string, Located>> groups_;
    ConfigErrors& errors_;
};

/// The value as the files say it, or the built-in one.
ConfigEntry entry(const Merged& merged, const std::string& section, std::string_view key,
                  std::string built_in) {
    const std::string shown = "[" + section + "]";
    const auto lines = merged.lines.find(section);
    if (lines != merged.lines.end())
        if (const auto line = lines->second.find(std::string{key}); line != lines->second.end())
            return {shown, std::string{key}, line->second.value, line->second.where()};
    return {shown, std::string{key}, std::move(built_in), "(default)"};
}

std::vector<ConfigEntry> effective_entries(const Merged& merged) {
    std::vector<ConfigEntry> entries;
    const Rules rules;
    const Config config;
    const auto add_rule = [&](const auto& key) {
        entries.push_back(entry(merged, "Policy", key.name, show_value((rules.*key.rule).value)));
    };
    std::apply([&](const auto&... key) { (add_rule(key), ...); }, rule_keys);
    entries.push_back(entry(merged, "Policy", "ExemptUsers", show_value(config.policy.exempt_users.value)));
    entries.push_back(entry(merged, "Policy", "ExemptGroups", ""));
    entries.push_back(
        entry(merged, "Policy", "IgnoreServices", show_value(config.policy.ignored_services.value)));
    entries.push_back(entry(merged, "Policy", "AdminGroup", ""));
    for (const std::string& section : merged.sections)
        if (section != "Policy" && section != "Daemon")
            for (const auto& [key, line] : merged.lines.at(section))
                entries.push_back(entry(merged, section, key, ""));
    entries.push_back(entry(merged, "Daemon", "Durability", show_value(config.durability.value)));
    entries.push_back(entry(merged, "Daemon", "HistoryTime", show_value(config.history_time.value)));
    entries.push_back(entry(merged, "Daemon", "LeaseUsers", ""));
    return entries;
}

} // namespace

tl::expected<Config, ConfigErrors> load_config(const ConfigPaths& paths) {
    ConfigErrors errors;
    const Merged merged = read_all(paths, errors);
    Config config = Interpreter{errors}.read(merged);
    sort_by_place(errors, merged.files);
    sort_by_place(config.warnings, merged.files);
    if (!errors.empty())
        return tl::unexpected{std::move(errors)};
    config.entries = effective_entries(merged);
    return config;
}

} // namespace solo
