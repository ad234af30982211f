// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/slots.hpp"
#include "daemon/statistics.hpp"
#include "protocol/sessions_messages.hpp"

#include <cstdint>

namespace solo {

/// What of the daemon is measured at the moment when it is asked for.
struct Gauges {
    std::int64_t waiting_records = 0; ///< for the disk
    std::int64_t database_size = 0;   ///< bytes
    std::int64_t login_connections = 0;
    std::int64_t sessions_connections = 0;
    std::int64_t connections_refused = 0;
    std::int64_t log_lines_lost = 0;
};

/// What Metrics answers, but for what Status says too.
protocol::sessions::Metrics::Reply metrics_of(const Statistics& statistics, const Slots& slots,
                                              const Gauges& gauges);

} // namespace solo
