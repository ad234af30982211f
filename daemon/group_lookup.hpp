// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/accounts.hpp"
#include "daemon/local_slots.hpp"

#include <asio/awaitable.hpp>

namespace solo {

/// Asks NSS for the groups of the sessions that an earlier run has left, where a rule of today is about
/// groups and none was when they were granted: their logins have not told them. Ends when all are known; what
/// NSS does not answer is asked again from time to time. Both must outlive it.
asio::awaitable<void> look_up_groups(LocalSlots& slots, Accounts& accounts);

} // namespace solo
