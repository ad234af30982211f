// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/events.hpp"

#include <memory>

namespace solo {

/// Has what happens said in the log, a line each, until the subscription goes.
[[nodiscard]] std::unique_ptr<Events::Subscription> log_events(Events& events);

} // namespace solo
