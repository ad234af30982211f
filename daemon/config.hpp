// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/config_file.hpp"
#include "daemon/config_value.hpp"
#include "daemon/core/policy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo {

/// Where the configuration is looked for. Later ones override earlier ones key by key: the vendor's
/// solo.conf, the vendor's solo.conf.d/*.conf, `file`, `file`.d/*.conf; drop-ins in the order of their names.
struct ConfigPaths {
    std::string vendor_dir = "/usr/lib/solo";
    std::string file = "/etc/solo/solo.conf";
    bool must_exist = false; ///< whether `file` being absent is an error
};

/// One effective value, for people.
struct ConfigEntry {
    std::string section; ///< "[Policy]"
    std::string key;
    std::string value;
    std::string source; ///< "/etc/solo/solo.conf:7" or "(default)"
};

/// The whole configuration, valid.
struct Config {
    PolicySettings policy;
    Setting<Durability> durability{Durability::interval};
    Setting<TimeLimit> history_time{std::chrono::hours{24 * 90}}; ///< how long ended sessions stay on record
    std::optional<std::uint32_t> admin_group;       ///< gid of those who see and end all sessions
    Setting<std::set<std::uint32_t>> lease_users{}; ///< uids of those who open leases for every account
    std::vector<ConfigEntry> entries;
    std::vector<std::string> warnings; ///< groups and users that do not exist here
};

/// Reads and checks the files; asks NSS for the groups and users that they name. All errors are found, not
/// only the first.
tl::expected<Config, ConfigErrors> load_config(const ConfigPaths& paths);

} // namespace solo
