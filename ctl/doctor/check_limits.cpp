// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/doctor/file_lines.hpp"

#include <fmt/format.h>

namespace solo::ctl {

Findings check_limits(const std::filesystem::path& root) {
    auto files = files_in(root / "etc/security/limits.d", ".conf");
    files.insert(files.begin(), root / "etc/security/limits.conf");
    Findings findings;
    for (const auto& file : files) {
        for (const auto& line : lines_of(file, "/" + file.lexically_relative(root).string())) {
            if (line.words.size() >= 4 && line.words[2] == "maxlogins")
                findings.push_back(finding(
                    Level::warning,
                    fmt::format("pam_limits counts too: maxlogins {} for {}; a login "
                                "that Solo has ended another for can "
                                "still fail there",
                                line.words[3], line.words[0]),
                    line.place,
                    "raise it above Solo's limit: /usr/share/doc/solo/docs/moving-from-maxlogins.md"));
        }
    }
    if (findings.empty())
        findings.push_back(finding(Level::ok, "no maxlogins beside it", "/etc/security/limits.conf"));
    return findings;
}

} // namespace solo::ctl
