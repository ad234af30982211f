// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/health.hpp"

#include <fmt/format.h>

namespace solo::ctl {

namespace {

std::optional<std::string> mend_of(const NoAnswer& failure) {
    using protocol::Fault;
    if (!failure.fault || failure.fault == Fault::forbidden) // the text says what to do
        return std::nullopt;
    if (failure.fault == Fault::absent)
        return "systemctl start solod; journalctl -u solod says why it stopped";
    return "systemctl restart solod; no session ends by that";
}

} // namespace

Findings check_daemon(const tl::expected<protocol::sessions::Status::Reply, NoAnswer>& status,
                      const std::string& installed_version) {
    if (!status)
        return {finding(Level::wrong, status.error().text, {}, mend_of(status.error()))};
    Findings findings;
    for (const auto& problem : problems_of(*status))
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
