// SPDX-License-Identifier: MIT
#include "daemon/session_terminals.hpp"

#include <unordered_map>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

/// So many take about a millisecond.
constexpr std::size_t batch = 64;

/// Deeper than processes are; a table that was read while processes came and went may lead in a circle.
constexpr int max_depth = 10'000;

} // namespace

std::map<int, std::set<int>> terminals_of(const std::set<Process>& leaders,
                                          const std::vector<ProcessStatus>& table) {
    std::unordered_map<int, const ProcessStatus*> by_pid;
    by_pid.reserve(table.size());
    for (const ProcessStatus& status : table)
        by_pid.emplace(status.process.pid, &status);
    std::map<int, std::set<int>> terminals;
    for (const ProcessStatus& status : table) {
        if (status.terminal == 0 || status.is_zombie)
            continue;
        const ProcessStatus* ancestor = &status;
        for (int depth = 0; ancestor != nullptr && depth < max_depth; ++depth) {
            if (leaders.contains(ancestor->process))
                terminals[ancestor->process.pid].insert(status.terminal);
            const auto parent = by_pid.find(ancestor->parent);
            ancestor = parent == by_pid.end() ? nullptr : parent->second;
        }
    }
    return terminals;
}

asio::awaitable<std::vector<ProcessStatus>> read_processes_slowly() {
    const auto executor = co_await asio::this_coro::executor;
    const std::vector<int> pids = process_ids();
    std::vector<ProcessStatus> table;
    table.reserve(pids.size());
    for (std::size_t i = 0; i < pids.size(); ++i) {
        if (const auto status = read_process(pids[i]))
            table.push_back(*status);
        if (i % batch == batch - 1)
            co_await asio::post(executor, asio::use_awaitable);
    }
    co_return table;
}

} // namespace solo
