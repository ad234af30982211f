// SPDX-License-Identifier: MIT
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/local_time.hpp"
#include "ctl/output.hpp"
#include "ctl/session_text.hpp"
#include "protocol/printable.hpp"
#include "protocol/sessions_messages.hpp"

#include <csignal>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;
using protocol::sessions::Watch;

/// "14:02:11 opened       0190a1b2-… alice from 10.0.0.5 (sshd) since 14:02:11"; where there is no session,
/// the message says whom it is about.
std::string event_line(const protocol::Event& event) {
    std::string line = fmt::format("{} {:<12}", short_local_time(event.time), protocol::name_of(event.kind));
    if (event.session)
        line += fmt::format(" {} {} {}", printable(event.session->id), printable(event.session->account),
                            since_text(*event.session));
    if (event.message)
        line += fmt::format("{}{}", event.session ? ": " : " ", printable(*event.message));
    return line + "\n";
}

ExitStatus watch(const Options& options) {
    (void)std::signal(SIGPIPE, SIG_DFL); // a reader that has seen enough is what ends a watch
    Client client{options.socket};
    client.for_each_reply(Watch{}, [&](const Watch::Reply& reply) {
        if (options.json)
            print_json_line(protocol::to_json(reply.event));
        else
            print(event_line(reply.event));
    });
    return exit_yes;
}

} // namespace

void add_watch(CLI::App& app, Run& chosen) {
    auto* const command = app.add_subcommand("watch", "Show what happens, as it happens");
    command->callback([&chosen] { chosen = watch; });
}

} // namespace solo::ctl
