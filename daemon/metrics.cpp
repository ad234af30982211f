// SPDX-License-Identifier: MIT
#include "daemon/metrics.hpp"

namespace solo {

namespace {

using protocol::name_of;
using Reply = protocol::sessions::Metrics::Reply;

/// A service is told with what has happened there; the rest of its outcomes are 0.
void add_opens(const Statistics& statistics, Reply& reply) {
    for (const auto& [service, outcomes] : statistics.services()) {
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            if (outcomes.at(i) != 0)
                reply.opens.push_back({.service = service,
                                       .decision = std::string{name_of(static_cast<Outcome>(i))},
                                       .count = outcomes.at(i)});
    }
}

void add_decisions(const Statistics& statistics, Reply& reply) {
    for (std::size_t i = 0; i < statistics.latencies().size(); ++i) {
        const Latency& latency = statistics.latencies().at(i);
        reply.decisions.push_back({.kind = static_cast<DecisionKind>(i),
                                   .bounds = {Latency::bounds.begin(), Latency::bounds.end()},
                                   .counts = {latency.counts().begin(), latency.counts().end()},
                                   .sum = latency.sum()});
    }
}

} // namespace

Reply metrics_of(const Statistics& statistics, const Slots& slots, const Gauges& gauges) {
    Reply reply;
    const StateCounts sessions = slots.count_by_state();
    for (const State state : {State::opening, State::active, State::ending})
        reply.sessions.push_back({.state = state, .count = sessions.at(static_cast<std::size_t>(state))});
    add_opens(statistics, reply);
    for (std::size_t i = 0; i < statistics.reasons().size(); ++i)
        reply.ends.push_back(
            {.reason = std::string{name_of(static_cast<Reason>(i))}, .count = statistics.reasons().at(i)});
    add_decisions(statistics, reply);
    reply.evicted = statistics.evicted();
    reply.waiting_records = gauges.waiting_records;
    reply.database_size = gauges.database_size;
    reply.login_connections = gauges.login_connections;
    reply.sessions_connections = gauges.sessions_connections;
    reply.connections_refused = gauges.connections_refused;
    reply.log_lines_lost = gauges.log_lines_lost;
    return reply;
}

} // namespace solo
