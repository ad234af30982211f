// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/local_time.hpp"
#include "ctl/output.hpp"
#include "protocol/printable.hpp"
#include "protocol/sessions_messages.hpp"

#include <memory>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;
using protocol::sessions::OpenLease;

std::string opened_text(const protocol::Session& session) {
    return fmt::format("Opened {} of {} ({}){}.\n", printable(session.id), printable(session.account),
                       printable(session.service),
                       session.expires ? ", which lapses at " + local_time(*session.expires) : "");
}

ExitStatus open(const Options& options, const OpenLease& request) {
    const auto session = Client{options.socket}.call(request, Client::ending_time).session;
    if (options.json) {
        print_json(protocol::to_json(session));
    } else {
        print(opened_text(session));
    }
    return exit_yes;
}

} // namespace

void add_open(CLI::App& app, Run& chosen) {
    constexpr int longest = 86'400; // what solod takes
    const auto request = std::make_shared<OpenLease>();
    auto* const command =
        app.add_subcommand("open", "Open a leased session, which lasts until it is not renewed");
    command->add_option("--account", request->account, "Whose session")
        ->type_name("NAME")
        ->check(account_name())
        ->required();
    command->add_option("--service", request->service, "What they log in to")
        ->type_name("SERVICE")
        ->check(service_name())
        ->required();
    command->add_option("--rhost", request->rhost, "Where they log in from")->type_name("HOST");
    command->add_option("--ttl", request->ttl, "How long it lasts from each renewal")
        ->type_name("SECONDS")
        ->check(CLI::Range(1, longest))
        ->required();
    command->add_flag_callback(
        "--takeover", [request] { request->takeover = true; },
        "End the session in the way, where OnConflict=ask would ask");
    command->callback([request, &chosen] {
        chosen = [request](const Options& options) { return open(options, *request); };
    });
}

} // namespace solo::ctl
