// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/session_list.hpp"
#include "ctl/session_text.hpp"

#include <memory>

namespace solo::ctl {

namespace {

ExitStatus history(const Options& options, const protocol::sessions::List& question) {
    Client client{options.socket};
    if (options.json) {
        print_json_list(client, question);
        return exit_yes;
    }
    HistoryTable table;
    for_each_session(client, question, [&](protocol::Session session) { table.add(std::move(session)); });
    table.print();
    return exit_yes;
}

} // namespace

void add_history(CLI::App& app, Run& chosen) {
    constexpr std::int64_t usual_limit = 100;
    const auto question = std::make_shared<protocol::sessions::List>();
    question->ended = true;
    question->limit = usual_limit;
    auto* const command = app.add_subcommand("history", "Show who was logged in, and why sessions are over");
    command->add_option("--account", question->account, "Only the sessions of this account")
        ->type_name("NAME")
        ->check(account_name());
    command->add_option("-n,--limit", question->limit, "Only the newest so many")
        ->type_name("N")
        ->default_str(std::to_string(usual_limit))
        ->check(session_count());
    command->callback([question, &chosen] {
        chosen = [question](const Options& options) { return history(options, *question); };
    });
}

} // namespace solo::ctl
