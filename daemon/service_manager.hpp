// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace solo {

/// Tells systemd how the daemon is ("READY=1"; sd_notify(3)). Nothing where systemd did not start it.
void notify_service_manager(const std::string& state);

} // namespace solo
