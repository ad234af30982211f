// SPDX-License-Identifier: MIT
#include "daemon/service_manager.hpp"

#include <cstdint>

#if SOLO_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace solo {

bool notify_service_manager(const std::string& state) {
#if SOLO_HAVE_SYSTEMD
    return ::sd_notify(0, state.c_str()) >= 0;
#else
    (void)state;
    return true;
#endif
}

std::chrono::microseconds watchdog_time() {
    std::uint64_t time = 0;
#if SOLO_HAVE_SYSTEMD
    if (::sd_watchdog_enabled(0, &time) <= 0)
        return {};
#endif
    return std::chrono::microseconds{time};
}

} // namespace solo
