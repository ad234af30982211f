// SPDX-License-Identifier: MIT
#include "daemon/service_manager.hpp"

#if SOLO_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace solo {

void notify_service_manager(const std::string& state) {
#if SOLO_HAVE_SYSTEMD
    ::sd_notify(0, state.c_str());
#else
    (void)state;
#endif
}

} // namespace solo
