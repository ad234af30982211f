// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/events.hpp"

#include <cstdint>
#include <memory>

namespace solo {

/// Counts what has happened since the start.
class Statistics {
public:
    explicit Statistics(Events& events);

    [[nodiscard]] std::int64_t opened() const { return opened_; }
    [[nodiscard]] std::int64_t refused() const { return refused_; }
    [[nodiscard]] std::int64_t superseded() const { return superseded_; }
    [[nodiscard]] std::int64_t ended() const { return ended_; }
    [[nodiscard]] std::int64_t evicted() const { return evicted_; }

    /// So many records of ended sessions were deleted: nobody else is told of that.
    void count_evicted(std::int64_t count) { evicted_ += count; }

private:
    void count(const Happening& happening);

    std::int64_t opened_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t superseded_ = 0;
    std::int64_t ended_ = 0;
    std::int64_t evicted_ = 0;
    std::unique_ptr<Events::Subscription> subscription_;
};

} // namespace solo
