// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace solo {

/// Tells systemd how the daemon is ("READY=1"; sd_notify(3)). Nothing where systemd did not start it. False
/// where it could not be told.
[[nodiscard]] bool notify_service_manager(const std::string& state);

/// How long systemd bears to hear nothing from us (sd_watchdog_enabled(3)); zero where it does not listen.
std::chrono::microseconds watchdog_time();

} // namespace solo
