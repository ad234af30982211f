// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/doctor/file_lines.hpp"

#include <algorithm>
#include <sstream>

namespace solo::ctl {

namespace fs = std::filesystem;

namespace {

struct Setting {
    std::string value;
    std::string place;
};

bool is_same_word(const std::string& left, std::string_view right) {
    return std::ranges::equal(
        left, right, {}, [](unsigned char c) { return std::tolower(c); },
        [](unsigned char c) { return std::tolower(c); });
}

/// What sshd -T says of a keyword.
Setting effective_setting(const std::string& effective, std::string_view keyword) {
    std::istringstream lines{effective};
    for (std::string name, value; lines >> name && std::getline(lines, value);) {
        if (is_same_word(name, keyword))
            return {value.substr(std::min(value.find_first_not_of(' '), value.size())), "sshd -T"};
    }
    return {};
}

/// What the files say: the first of a keyword that is given twice counts, outside of Match. Debian's and
/// Fedora's file begins with the drop-ins.
Setting written_setting(const fs::path& root, std::string_view keyword) {
    auto files = files_in(root / "etc/ssh/sshd_config.d", ".conf");
    files.push_back(root / "etc/ssh/sshd_config");
    for (const auto& file : files) {
        for (const auto& line : lines_of(file, "/" + file.lexically_relative(root).string())) {
            if (is_same_word(line.words[0], "Match"))
                break;
            if (line.words.size() > 1 && is_same_word(line.words[0], keyword))
                return {line.words[1], line.place};
        }
    }
    return {};
}

} // namespace

Findings check_sshd(const fs::path& root, const std::string& effective, bool counts_by_origin) {
    std::error_code ignored;
    if (!fs::exists(root / "etc/ssh/sshd_config", ignored) && effective.empty())
        return {};
    const auto setting = [&](std::string_view keyword) {
        auto found = effective_setting(effective, keyword);
        const auto written = written_setting(root, keyword);
        if (effective.empty())
            return written;
        if (is_same_word(found.value, written.value)) // better a line than a command
            found.place = written.place;
        return found;
    };
    Findings findings;
    const auto use_pam = setting("UsePAM");
    if (is_same_word(use_pam.value, "yes")) {
        findings.push_back(finding(Level::ok, "sshd uses PAM", use_pam.place));
    } else {
        findings.push_back(finding(Level::wrong, "sshd does not use PAM, so its logins are not counted",
                                   use_pam.place.empty() ? "/etc/ssh/sshd_config" : use_pam.place,
                                   "write UsePAM yes there, and systemctl reload ssh"));
    }
    const auto use_dns = setting("UseDNS");
    if (counts_by_origin && is_same_word(use_dns.value, "yes")) {
        findings.push_back(
            finding(Level::warning,
                    "UseDNS yes with CountBy=origin: other services and logs see names that their "
                    "owners choose, where addresses count",
                    use_dns.place, "write UseDNS no, which is OpenSSH's default"));
    }
    return findings;
}

} // namespace solo::ctl
