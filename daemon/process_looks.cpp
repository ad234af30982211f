// SPDX-License-Identifier: MIT
#include "daemon/process_looks.hpp"

#include <utility>

namespace solo {

asio::awaitable<std::shared_ptr<const ProcessSnapshot>> ProcessLooks::look(ProcessQuery query) {
    if (!next_)
        next_ = std::make_shared<Round>(executor_);
    const auto round = next_;
    round->query.merge(std::move(query));
    if (!is_looking_)
        begin();
    while (!round->is_done)
        co_await round->wake.wait();
    if (round->found.failure)
        std::rethrow_exception(round->found.failure);
    co_return round->found.snapshot;
}

void ProcessLooks::begin() {
    is_looking_ = true;
    const auto round = std::exchange(next_, nullptr);
    const auto stop = stop_.get_token();
    try {
        thread_.run([query = round->query, stop] { return find(query, stop); },
                    [this, round](const Found& found) { finish(*round, found); });
    } catch (const std::exception&) { // there is no memory for a thread: then logins have to wait
        finish(*round, find(round->query, stop));
    }
}

void ProcessLooks::finish(Round& round, const Found& found) {
    is_looking_ = false;
    round.found = found;
    round.is_done = true;
    round.wake.notify();
    if (next_)
        begin();
}

ProcessLooks::Found ProcessLooks::find(const ProcessQuery& query, const std::stop_token& stop) {
    try {
        auto snapshot = take_snapshot(query, [&] { return !stop.stop_requested(); });
        return {.snapshot = std::make_shared<const ProcessSnapshot>(std::move(snapshot)), .failure = {}};
    } catch (...) {
        return {.snapshot = {}, .failure = std::current_exception()};
    }
}

} // namespace solo
