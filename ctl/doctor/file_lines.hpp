// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace solo::ctl {

/// A line of a configuration file: its words, without a comment.
struct FileLine {
    std::string place; ///< "/etc/security/limits.conf:12"
    std::vector<std::string> words;
};

/// The lines that have words. None where the file is not there or not for this user. `shown` is what the
/// place calls the file.
std::vector<FileLine> lines_of(const std::filesystem::path& file, const std::string& shown);

/// The files of a directory whose names end so, sorted.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory,
                                            const std::string& ending);

} // namespace solo::ctl
