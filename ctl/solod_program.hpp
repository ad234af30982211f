// SPDX-License-Identifier: MIT
// solod alone knows how its configuration is read, so soloctl asks the program itself and not the daemon that
// runs: what it prints is what the next start or reload would load.
#pragma once

#include "ctl/config_lines.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace solo::ctl {

/// solod as it is installed beside this program, or built beside it, else where packages put it.
std::filesystem::path find_solod();

/// The configuration that `solod --check-config` prints, of `file` where that is not empty. Nothing where it
/// is wrong: solod has then said why, on standard error. Throws where solod cannot be run or understood.
std::optional<std::vector<ConfigValue>> read_config(const std::string& file = {});

/// What a value printed by solod holds, word by word: "root", "cron sudo".
std::vector<std::string> words_of(const std::vector<ConfigValue>& values, std::string_view key);

} // namespace solo::ctl
