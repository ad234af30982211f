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

ExitStatus unlock(const Options& options, const protocol::sessions::Unlock& request) {
    const auto reply = Client{options.socket}.call(request);
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        // solod says nothing of what was there before, nor whether anything else keeps the account out.
        print(fmt::format("{} is not locked (any more).\n", protocol::printable(request.account)));
    }
    return exit_yes;
}

} // namespace

void add_unlock(CLI::App& app, Run& chosen) {
    const auto request = std::make_shared<protocol::sessions::Unlock>();
    auto* const command =
        app.add_subcommand("unlock", "Let an account log in again whose logins kept ending each other");
    command->add_option("ACCOUNT", request->account, "The account")->required()->check(account_name());
    command->callback([request, &chosen] {
        chosen = [request](const Options& options) { return unlock(options, *request); };
    });
}

} // namespace solo::ctl
