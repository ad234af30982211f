// SPDX-License-Identifier: MIT
#include "daemon/history_count.hpp"

#include "daemon/store_aside.hpp"

#include <memory>
#include <utility>

namespace solo {

HistoryCount::HistoryCount(asio::any_io_executor executor, std::string path, const Statistics& statistics)
    : path_{std::move(path)}, statistics_{statistics}, counted_{executor}, thread_{executor} {}

asio::awaitable<tl::expected<std::int64_t, std::string>> HistoryCount::now() {
    if (!at_start_ && !is_counting_)
        begin();
    while (is_counting_)
        co_await counted_.wait();
    if (!at_start_)
        co_return tl::unexpected{problem_};
    co_return *at_start_ + since_start();
}

/// What ends while it is counted is in the statistics and not in the snapshot.
void HistoryCount::begin() {
    auto snapshot = HistorySnapshot::take(path_);
    if (!snapshot) {
        problem_ = std::move(snapshot.error());
        return;
    }
    is_counting_ = true;
    auto count = [shared = std::make_shared<HistorySnapshot>(std::move(*snapshot))]() mutable {
        auto counted = shared->count_ended();
        shared.reset(); // its files are closed before anybody hears of it
        return counted;
    };
    thread_.run(std::move(count), [this, before = since_start()](const auto& counted) {
        is_counting_ = false;
        if (counted)
            at_start_ = *counted - before;
        else
            problem_ = counted.error();
        counted_.notify();
    });
}

} // namespace solo
