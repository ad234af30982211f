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

using protocol::printable;
using protocol::sessions::Validate;

/// "The session is ended (superseded): superseded by a login from 10.0.0.5"
std::string verdict(const Validate::Reply& reply) {
    if (reply.active)
        return fmt::format("The session is active ({}).\n", protocol::name_of(reply.state));
    std::string text = fmt::format("The session is not active: {}", protocol::name_of(reply.state));
    if (reply.reason)
        text += fmt::format(" ({})", printable(*reply.reason));
    if (reply.message)
        text += fmt::format(": {}", printable(*reply.message));
    return text + '\n';
}

ExitStatus validate(const Options& options, const Validate& question) {
    const auto reply = Client{options.socket}.call(question);
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        print(verdict(reply));
    }
    return reply.active ? exit_yes : exit_no;
}

} // namespace

void add_validate(CLI::App& app, Run& chosen) {
    const auto question = std::make_shared<Validate>();
    auto* const command = app.add_subcommand("validate", "Tell whether a session is active, and if not, why");
    command->add_option("ID", question->id, "The session")->required()->transform(session_id());
    command->callback([question, &chosen] {
        chosen = [question](const Options& options) { return validate(options, *question); };
    });
}

} // namespace solo::ctl
