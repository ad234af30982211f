// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/events.hpp"
#include "daemon/latency.hpp"
#include "daemon/outcome.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace solo {

using protocol::sessions::DecisionKind;

/// One answer to a login, when it is ready to leave.
struct CountedAnswer {
    std::string_view service;
    std::optional<Outcome> outcome; ///< none: there is nothing to count but the time
    DecisionKind kind = DecisionKind::check;
    std::chrono::nanoseconds took{}; ///< since the call was read
};

/// Counts what has happened since the start.
class Statistics {
public:
    using Outcomes = std::array<std::int64_t, enum_names(Outcome{}).size()>;
    using Reasons = std::array<std::int64_t, enum_names(Reason{}).size()>;
    using Latencies = std::array<Latency, enum_names(DecisionKind{}).size()>;

    /// So many services are told apart; what is more is `other_service`. The names come from login programs,
    /// and a counter must not grow with what somebody thinks of.
    static constexpr std::size_t most_services = 64;
    static constexpr std::string_view other_service = "other";

    explicit Statistics(Events& events);

    [[nodiscard]] std::int64_t opened() const { return opened_; }
    [[nodiscard]] std::int64_t refused() const { return refused_; }
    [[nodiscard]] std::int64_t superseded() const { return superseded_; }
    [[nodiscard]] std::int64_t ended() const { return ended_; }
    [[nodiscard]] std::int64_t evicted() const { return evicted_; }
    [[nodiscard]] const std::map<std::string, Outcomes, std::less<>>& services() const { return services_; }
    [[nodiscard]] const Reasons& reasons() const { return reasons_; }
    [[nodiscard]] const Latencies& latencies() const { return latencies_; }

    /// So many records of ended sessions were deleted: nobody else is told of that.
    void count_evicted(std::int64_t count) { evicted_ += count; }

    /// On the way of every login: allocates for the first login of a service only.
    void count_answer(const CountedAnswer& answer);

private:
    void count(const Happening& happening);
    Outcomes& outcomes_of(std::string_view service);

    std::int64_t opened_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t superseded_ = 0;
    std::int64_t ended_ = 0;
    std::int64_t evicted_ = 0;
    std::map<std::string, Outcomes, std::less<>> services_;
    Reasons reasons_{};
    Latencies latencies_;
    std::unique_ptr<Events::Subscription> subscription_;
};

} // namespace solo
