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

ExitStatus renew(const Options& options, const protocol::sessions::Renew& request) {
    const auto reply = Client{options.socket}.call(request);
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        print(fmt::format("Renewed {}, which now lapses at {}.\n", protocol::printable(request.id),
                          local_time(reply.expires)));
    }
    return exit_yes;
}

} // namespace

void add_renew(CLI::App& app, Run& chosen) {
    const auto request = std::make_shared<protocol::sessions::Renew>();
    auto* const command = app.add_subcommand("renew", "Make a leased session last another while");
    command->add_option("ID", request->id, "The session")->required()->transform(session_id());
    command->callback([request, &chosen] {
        chosen = [request](const Options& options) { return renew(options, *request); };
    });
}

} // namespace solo::ctl
