// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"

#include <fmt/format.h>

namespace solo::ctl {

Findings check_daemon(const std::optional<protocol::sessions::Status::Reply>& status,
                      const std::string& failure, const std::string& installed_version) {
    if (!status)
        return {finding(Level::wrong, failure, {},
                        "systemctl start solod; journalctl -u solod says why it stopped")};
    Findings findings;
    for (const auto& problem : status->problems)
        findings.push_back(finding(
            Level::wrong, "solod is degraded: " + problem, {},
            "/usr/share/doc/solo/docs/when-solod-is-down.md, \"Degraded\", says what works and what to do"));
    if (status->problems.empty() && status->state != protocol::Health::ok)
        findings.push_back(finding(Level::wrong, "solod is degraded and does not say why"));
    if (!installed_version.empty() && status->version != installed_version)
        findings.push_back(
            finding(Level::warning,
                    fmt::format("solod {} runs, and {} is installed", status->version, installed_version), {},
                    "systemctl restart solod; no session ends by that"));
    if (findings.empty())
        findings.push_back(finding(Level::ok, fmt::format("solod {} answers", status->version)));
    return findings;
}

} // namespace solo::ctl
