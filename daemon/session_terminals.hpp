// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/process_table.hpp"

#include <map>
#include <set>
#include <vector>

#include <asio/awaitable.hpp>

namespace solo {

/// The controlling terminals of each of these leaders and of its descendants: their device numbers by the
/// leader's pid.
std::map<int, std::set<int>> terminals_of(const std::set<Process>& leaders,
                                          const std::vector<ProcessStatus>& table);

/// read_processes() a few at a time, so that nobody waits for it. What happens meanwhile may be seen in part.
asio::awaitable<std::vector<ProcessStatus>> read_processes_slowly();

} // namespace solo
