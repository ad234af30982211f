// SPDX-License-Identifier: MIT
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/open_metrics.hpp"
#include "ctl/output.hpp"
#include "protocol/sessions_messages.hpp"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::Health;
using protocol::name_of;
using protocol::sessions::DecisionTimes;
using MetricsReply = protocol::sessions::Metrics::Reply;

/// Seconds from a smaller unit, to the last digit.
std::string seconds(std::int64_t count, std::int64_t per_second) {
    return fmt::format("{}", static_cast<double>(count) / static_cast<double>(per_second));
}

constexpr std::int64_t nano = 1'000'000'000;
constexpr std::int64_t micro = 1'000'000;

void single(OpenMetrics& out, const MetricFamily& family, std::int64_t value) {
    out.family(family);
    out.sample(family.type == "counter" ? "_total" : "", {}, std::to_string(value));
}

void add_daemon(OpenMetrics& out, const MetricsReply& reply) {
    single(out, {.name = "solo_up", .type = "gauge", .help = "Whether solod answers."}, 1);
    out.family({.name = "solo_build_info", .type = "gauge", .help = "The version of solod, always 1."});
    out.sample("", {{"version", reply.version}}, "1");
    out.family({.name = "solo_start_time_seconds",
                .type = "gauge",
                .help = "When solod started, since the Unix epoch: all counters begin there.",
                .unit = "seconds"});
    out.sample("", {}, seconds(reply.started, micro));
    single(out,
           {.name = "solo_degraded",
            .type = "gauge",
            .help = "Whether something is wrong, such as a full disk; soloctl status says what."},
           reply.state == Health::degraded ? 1 : 0);
    single(out,
           {.name = "solo_log_lines_lost",
            .type = "counter",
            .help = "Lines that the journal did not take and that found no room to wait."},
           reply.log_lines_lost);
}

void add_logins(OpenMetrics& out, const MetricsReply& reply) {
    out.family({.name = "solo_sessions", .type = "gauge", .help = "Sessions that are not over."});
    for (const auto& [state, count] : reply.sessions)
        out.sample("", {{"state", name_of(state)}}, std::to_string(count));
    out.family({.name = "solo_opens", .type = "counter", .help = "Logins by what has become of them."});
    for (const auto& [service, decision, count] : reply.opens)
        out.sample("_total", {{"service", service}, {"decision", decision}}, std::to_string(count));
    out.family({.name = "solo_ends", .type = "counter", .help = "Sessions that are over, by why."});
    for (const auto& [reason, count] : reply.ends)
        out.sample("_total", {{"reason", reason}}, std::to_string(count));
}

/// The classes of the wire hold each answer once, those of OpenMetrics also all that were faster.
void add_times(OpenMetrics& out, const DecisionTimes& times) {
    const auto kind = name_of(times.kind);
    std::int64_t count = 0;
    for (std::size_t i = 0; i < times.counts.size(); ++i) {
        count += times.counts.at(i);
        const std::string bound = i < times.bounds.size() ? seconds(times.bounds.at(i), nano) : "+Inf";
        out.sample("_bucket", {{"kind", kind}, {"le", bound}}, std::to_string(count));
    }
    out.sample("_sum", {{"kind", kind}}, seconds(times.sum, nano));
    out.sample("_count", {{"kind", kind}}, std::to_string(count));
}

void add_store(OpenMetrics& out, const MetricsReply& reply) {
    single(out,
           {.name = "solo_store_waiting_records",
            .type = "gauge",
            .help = "Records that are not written, because the disk fails."},
           reply.waiting_records);
    single(
        out,
        {.name = "solo_store_history_records", .type = "gauge", .help = "Records of sessions that are over."},
        reply.history);
    single(
        out,
        {.name = "solo_store_size_bytes", .type = "gauge", .help = "The database on disk.", .unit = "bytes"},
        reply.database_size);
    single(out,
           {.name = "solo_store_evicted_records",
            .type = "counter",
            .help = "Records that were deleted because they were older than HistoryTime."},
           reply.evicted);
}

void add_connections(OpenMetrics& out, const MetricsReply& reply) {
    out.family({.name = "solo_connections", .type = "gauge", .help = "Connections that are open."});
    out.sample("", {{"socket", "login"}}, std::to_string(reply.login_connections));
    out.sample("", {{"socket", "sessions"}}, std::to_string(reply.sessions_connections));
    single(out,
           {.name = "solo_connections_refused",
            .type = "counter",
            .help = "Connections that were turned away: one too many, or not root's."},
           reply.connections_refused);
}

std::string metrics_text(const MetricsReply& reply) {
    OpenMetrics out;
    add_daemon(out, reply);
    add_logins(out, reply);
    out.family(
        {.name = "solo_decision_seconds",
         .type = "histogram",
         .help = "How long answers took until they were on record; kind wait: a session had to go first.",
         .unit = "seconds"});
    for (const DecisionTimes& times : reply.decisions)
        add_times(out, times);
    add_store(out, reply);
    add_connections(out, reply);
    return out.text();
}

ExitStatus metrics(const Options& options) {
    const auto reply = Client{options.socket}.call(protocol::sessions::Metrics{});
    if (options.json)
        print_json(protocol::to_json(reply));
    else
        print(metrics_text(reply));
    return exit_yes;
}

} // namespace

void add_metrics(CLI::App& app, Run& chosen) {
    auto* const command = app.add_subcommand("metrics", "Print counters and measures as OpenMetrics text");
    command->callback([&chosen] { chosen = metrics; });
}

} // namespace solo::ctl
