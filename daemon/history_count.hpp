// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/statistics.hpp"
#include "daemon/wake.hpp"
#include "daemon/work_thread.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <tl/expected.hpp>

namespace solo {

/// How many records of ended sessions the database has. They are counted when that is first asked for, in a
/// thread, because millions take a while; what has happened since is added.
class HistoryCount {
public:
    /// `statistics` must outlive it; `path` is the database's.
    HistoryCount(asio::any_io_executor executor, std::string path, const Statistics& statistics);

    /// Waits for the count. An error where the database cannot be read now: the next one asks again.
    asio::awaitable<tl::expected<std::int64_t, std::string>> now();

private:
    void begin();
    [[nodiscard]] std::int64_t since_start() const { return statistics_.ended() - statistics_.evicted(); }

    std::string path_;
    const Statistics& statistics_;
    std::optional<std::int64_t> at_start_;
    std::string problem_; ///< of the last count
    bool is_counting_ = false;
    Wake counted_;
    WorkThread thread_;
};

} // namespace solo
