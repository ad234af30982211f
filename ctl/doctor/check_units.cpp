// SPDX-License-Identifier: MIT
#include "ctl/child.hpp"
#include "ctl/doctor/checks.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

/// What systemctl says in a word, such as "disabled" or "inactive"; empty where it is as it should be.
std::string complaint(const std::string& systemctl, const std::string& question, const std::string& unit) {
    const auto answer = run_child({systemctl, question, unit}, Errors::taken);
    if (answer.has_succeeded)
        return {};
    return answer.output.substr(0, answer.output.find('\n'));
}

} // namespace

Findings check_units(const std::filesystem::path& root, const std::string& systemctl) {
    std::error_code ignored;
    if (!std::filesystem::exists(root / "run/systemd/system", ignored))
        return {finding(Level::note, "systemd does not run here: whatever starts solod is not looked at")};
    Findings findings;
    // The service brings its socket; the socket alone is refused while the service runs (systemd.socket(5)).
    const std::pair<std::string, std::string> units[] = {
        {"solod.service", "systemctl start solod.service"},
        {"solod.socket", "systemctl stop solod.service; systemctl start solod.socket solod.service"}};
    for (const auto& [unit, start] : units) {
        const auto enabled = complaint(systemctl, "is-enabled", unit);
        const auto active = complaint(systemctl, "is-active", unit);
        if (enabled.empty() && active.empty())
            findings.push_back(finding(Level::ok, unit + " is enabled and active"));
        if (!enabled.empty())
            findings.push_back(finding(Level::wrong, fmt::format("{} is not enabled: {}", unit, enabled), {},
                                       "systemctl enable solod.socket solod.service"));
        if (!active.empty())
            findings.push_back(
                finding(Level::wrong, fmt::format("{} is not active: {}", unit, active), {}, start));
    }
    return findings;
}

} // namespace solo::ctl
