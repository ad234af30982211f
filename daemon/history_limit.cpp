// SPDX-License-Identifier: MIT
#include "daemon/history_limit.hpp"

#include "daemon/clock.hpp"
#include "daemon/log.hpp"

#include <algorithm>
#include <utility>

namespace solo {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// So many records are looked at in one transaction: a login may have to wait for it. Each has an entry in
/// two indexes besides, somewhere in a big file: ten took 0.2 to 0.5 ms.
constexpr int step_size = 4;

/// Between two of them.
constexpr milliseconds pause = 2ms;

/// Before it is asked again whether somebody is in the way.
constexpr milliseconds patience = 20ms;

/// How much longer than asked for records may stay.
milliseconds interval(milliseconds time) {
    return std::clamp<milliseconds>(time / 100, 1s, 1h);
}

} // namespace

std::int64_t unadvanced(const Now& start, const Now& now) {
    return std::min(now.wall, start.wall + (now.boot - start.boot));
}

HistoryLimit::HistoryLimit(const asio::any_io_executor& executor, Store& store, Evicted evicted,
                           MustWait must_wait)
    : store_{store}, evicted_{std::move(evicted)}, must_wait_{std::move(must_wait)}, start_{now()},
      timer_{executor} {}

void HistoryLimit::keep(TimeLimit time) {
    time_ = time;
    after_ = {};
    if (time_)
        schedule(0ms);
    else
        timer_.cancel();
}

void HistoryLimit::schedule(milliseconds pause_before) {
    timer_.expires_after(pause_before);
    timer_.async_wait([this](std::error_code error) {
        if (!error && time_)
            step();
    });
}

void HistoryLimit::step() {
    if (must_wait_()) {
        schedule(patience);
        return;
    }
    const std::int64_t oldest = unadvanced(start_, now()) - std::chrono::microseconds{*time_}.count();
    const auto done = store_.evict(oldest, after_, step_size);
    if (!done)
        log(Priority::warning, "records older than HistoryTime are not deleted: {}", done.error());
    else if (done->evicted > 0)
        evicted_(done->evicted);
    const bool is_complete = !done || !done->after;
    after_ = is_complete ? SessionId{} : *done->after;
    schedule(is_complete ? interval(*time_) : pause);
}

} // namespace solo
