// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo {

/// One key of an INI file as it is written there.
struct ConfigLine {
    std::string section; ///< between the brackets, white space folded; empty before the first section
    std::string key;
    std::string value; ///< several lines are joined by a blank
    std::string file;
    int line = 0;

    /// "/etc/solo/solo.conf:7"
    [[nodiscard]] std::string where() const;
};

/// What is wrong with a configuration, one sentence each: "/etc/solo/solo.conf:7: …".
using ConfigErrors = std::vector<std::string>;

/// Reads one file with libeconf. An error where it cannot be read, where somebody other than root may change
/// it, and where a section or a key stands in it twice (libeconf would take the first and say nothing).
tl::expected<std::vector<ConfigLine>, ConfigErrors> read_config_file(const std::string& path);

} // namespace solo
