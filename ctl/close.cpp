// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/output.hpp"
#include "protocol/printable.hpp"
#include "protocol/sessions_messages.hpp"

#include <memory>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

ExitStatus close(const Options& options, const protocol::sessions::CloseLease& request) {
    const auto reply = Client{options.socket}.call(request);
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        print(fmt::format("Closed {}.\n", protocol::printable(request.id)));
    }
    return exit_yes;
}

} // namespace

void add_close(CLI::App& app, Run& chosen) {
    const auto request = std::make_shared<protocol::sessions::CloseLease>();
    auto* const command = app.add_subcommand("close", "Close a leased session");
    command->add_option("ID", request->id, "The session")->required()->transform(session_id());
    command->callback([request, &chosen] {
        chosen = [request](const Options& options) { return close(options, *request); };
    });
}

} // namespace solo::ctl
