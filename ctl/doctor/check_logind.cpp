// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/pam/directory.hpp"
#include "ctl/pam/placement.hpp"
#include "protocol/channel.hpp"

#include <algorithm>

namespace solo::ctl {

namespace fs = std::filesystem;

namespace {

/// A service that asks solod runs pam_systemd, too; empty where none does.
std::string service_with_systemd(const fs::path& root) {
    const PamDirectory directory{root};
    for (const auto& name : directory.services()) {
        const auto file = directory.read(name);
        if (!file || solo_lines(*file).empty())
            continue;
        const auto steps = stack_of(*file, PamType::session, directory.included_by(*file));
        if (steps &&
            std::ranges::any_of(*steps, [](const Step& step) { return step.runs("pam_systemd.so"); }))
            return name;
    }
    return {};
}

} // namespace

Findings check_logind(const fs::path& root) {
    using protocol::Deadline;
    std::error_code ignored;
    const bool is_booted = fs::exists(root / "run/systemd/system", ignored);
    const auto service = is_booted ? "" : service_with_systemd(root);
    if (!is_booted && service.empty())
        return {finding(Level::note, "systemd does not run here: sessions are found without logind")};
    const auto bus = root / "run/dbus/system_bus_socket";
    const auto limit = Deadline::in(std::chrono::seconds{1});
    const bool has_bus = protocol::Channel::connect(bus.string(), limit, Deadline::in({})).has_value();
    // By this directory pam_systemd, too, sees that logind runs (logind_running() in systemd's login-util.h).
    const bool has_logind = fs::exists(root / "run/systemd/seats", ignored);
    if (has_bus && has_logind)
        return {finding(Level::ok, "logind and the system bus are there")};
    if (!is_booted) {
        return {finding(Level::warning,
                        service + " runs pam_systemd, but there is no logind: orphans of a session are "
                                  "found by its audit session only",
                        "/etc/pam.d/" + service)};
    }
    return {finding(
        Level::wrong,
        has_bus ? "logind does not run, so nobody can say which processes are a session's"
                : "the system bus does not answer, so logind cannot be asked which processes are a session's",
        has_bus ? "/run/systemd/seats" : bus.string(),
        has_bus ? "systemctl start systemd-logind" : "systemctl start dbus.socket")};
}

} // namespace solo::ctl
