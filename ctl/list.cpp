// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/session_list.hpp"
#include "ctl/session_text.hpp"

#include <cstdlib>
#include <memory>

namespace solo::ctl {

namespace {

ExitStatus list(const Options& options, const protocol::sessions::List& question) {
    Client client{options.socket};
    if (options.json) {
        print_json_list(client, question);
        return exit_yes;
    }
    // The environment is only the person's word, which is enough for a star.
    const char* const own = std::getenv("SOLO_SESSION_ID");
    SessionTable table{own != nullptr ? own : ""};
    for_each_session(client, question, [&](const protocol::Session& session) { table.add(session); });
    table.print();
    return exit_yes;
}

} // namespace

void add_list(CLI::App& app, Run& chosen) {
    const auto question = std::make_shared<protocol::sessions::List>();
    auto* const command = app.add_subcommand("list", "Show who is logged in");
    command->add_flag("--all", question->ended, "Sessions that are over, too");
    command->add_option("--account", question->account, "Only the sessions of this account")
        ->type_name("NAME")
        ->check(account_name());
    command->add_option("-n,--limit", question->limit, "Only the newest so many")
        ->type_name("N")
        ->check(session_count());
    command->callback([question, &chosen] {
        chosen = [question](const Options& options) { return list(options, *question); };
    });
}

} // namespace solo::ctl
