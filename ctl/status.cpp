// SPDX-License-Identifier: MIT
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/health.hpp"
#include "ctl/local_time.hpp"
#include "ctl/output.hpp"
#include "ctl/terminal.hpp"
#include "protocol/printable.hpp"
#include "protocol/sessions_messages.hpp"

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::Health;
using protocol::printable;
using StatusReply = protocol::sessions::Status::Reply;

std::string status_text(const StatusReply& status) {
    const auto colour = status.state == Health::ok ? Colour::green : Colour::red;
    std::string text = fmt::format("State       {}\n", coloured(colour, protocol::name_of(status.state)));
    for (const auto& problem : problems_of(status))
        text += fmt::format("Problem     {}\n", printable(problem));
    text += fmt::format("Version     {}\n", printable(status.version));
    text += fmt::format("Started     {}\n", local_time(status.started));
    text += fmt::format("Sessions    {} now\n", status.active);
    text += fmt::format("Logins      {} opened, {} refused, {} superseded\n", status.opened_total,
                        status.refused_total, status.superseded_total);
    text += fmt::format("History     {} records\n", status.history);
    return text;
}

ExitStatus status(const Options& options) {
    const auto reply = Client{options.socket}.call(protocol::sessions::Status{});
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        print(status_text(reply));
    }
    return reply.state == Health::ok ? exit_yes : exit_no;
}

} // namespace

void add_status(CLI::App& app, Run& chosen) {
    auto* const command = app.add_subcommand("status", "Show how solod is doing");
    command->callback([&chosen] { chosen = status; });
}

} // namespace solo::ctl
