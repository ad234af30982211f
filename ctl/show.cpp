// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/output.hpp"
#include "ctl/session_text.hpp"
#include "protocol/sessions_messages.hpp"

#include <memory>

namespace solo::ctl {

namespace {

ExitStatus show(const Options& options, const protocol::sessions::Get& question) {
    const auto session = Client{options.socket}.call(question).session;
    if (options.json) {
        print_json(protocol::to_json(session));
    } else {
        print(session_details(session));
    }
    return exit_yes;
}

} // namespace

void add_show(CLI::App& app, Run& chosen) {
    const auto question = std::make_shared<protocol::sessions::Get>();
    auto* const command = app.add_subcommand("show", "Show all that is known of one session");
    command->add_option("ID", question->id, "The session")->required()->transform(session_id());
    command->callback([question, &chosen] {
        chosen = [question](const Options& options) { return show(options, *question); };
    });
}

} // namespace solo::ctl
