// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/output.hpp"
#include "ctl/session_text.hpp"
#include "protocol/printable.hpp"
#include "protocol/sessions_messages.hpp"

#include <array>
#include <memory>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;
using protocol::sessions::Explain;

/// What a decision means for the login, as the end of a sentence that begins with "would".
struct Meaning {
    std::string_view decision;
    std::string_view text;
};

constexpr std::array meanings{
    Meaning{"ignore", "be let in without being counted: it is no login"},
    Meaning{"grant", "be let in"},
    Meaning{"refuse", "be refused"},
    Meaning{"supersede", "be let in as soon as a session of the account is ended for it"},
    Meaning{"ask", "be let in if the person agrees to end a session of the account for it"},
    Meaning{"would-refuse", "be let in, in this trial run (Enforce=no); else it would be refused"},
    Meaning{"would-supersede",
            "be let in, in this trial run (Enforce=no); else a session of the account would "
            "be ended for it"},
    Meaning{"would-ask",
            "be let in, in this trial run (Enforce=no); else the person would be asked whether to "
            "end a session of the account for it"},
};

std::string meaning_of(const std::string& decision) {
    for (const Meaning& meaning : meanings)
        if (meaning.decision == decision)
            return std::string{meaning.text};
    return fmt::format("get the answer \"{}\"", printable(decision));
}

/// That the account is shut, or held, because its logins kept ending each other, and the way out. The rule
/// says so: no other case names these keys (decide_slot and decide_conflict in daemon/core/decision.cpp).
std::string contest_text(const Explain& question, const std::string& rule) {
    const auto account = printable(question.account);
    if (rule.find("] ContestAction (") != std::string::npos)
        return fmt::format("{0} is locked because its logins kept ending each other. An administrator can "
                           "unlock it: soloctl unlock {0}\n",
                           account);
    if (rule.find("] ContestHold (") != std::string::npos)
        return fmt::format(
            "The logins of {0} kept ending each other, so for a while none can end another. An "
            "administrator can end that: soloctl unlock {0}\n",
            account);
    return {};
}

/// "A login of alice through sshd from 10.0.0.7 would be refused. [Policy] OnConflict
/// (/etc/solo/solo.conf:7) says so."
std::string explanation(const Explain& question, const Explain::Reply& reply) {
    std::string text = fmt::format("A login of {}", printable(question.account));
    if (question.service)
        text += fmt::format(" through {}", printable(*question.service));
    if (question.rhost)
        text += fmt::format(" from {}", printable(*question.rhost));
    // Two rules then: Enforce and the one that would count.
    const bool is_trial = reply.decision.starts_with("would-");
    text += fmt::format(" would {}.\n{} {} so.\n", meaning_of(reply.decision), printable(reply.rule),
                        is_trial ? "say" : "says");
    text += contest_text(question, reply.rule);
    if (reply.holder)
        text += fmt::format("{} is logged in {}: {}\n", printable(question.account),
                            since_text(*reply.holder), printable(reply.holder->id));
    return text;
}

ExitStatus explain(const Options& options, const Explain& question) {
    const auto reply = Client{options.socket}.call(question);
    if (options.json) {
        print_json(protocol::to_json(reply));
    } else {
        print(explanation(question, reply));
    }
    return reply.decision == "refuse" ? exit_no : exit_yes;
}

} // namespace

void add_explain(CLI::App& app, Run& chosen) {
    const auto question = std::make_shared<Explain>();
    auto* const command =
        app.add_subcommand("explain", "Tell what would happen to a login, and which rule says so");
    command->add_option("--account", question->account, "Who logs in")
        ->type_name("NAME")
        ->check(account_name())
        ->required();
    command->add_option("--service", question->service, "Through which service")
        ->type_name("SERVICE")
        ->check(service_name());
    command->add_option("--rhost", question->rhost, "From where")->type_name("HOST");
    command->callback([question, &chosen] {
        chosen = [question](const Options& options) { return explain(options, *question); };
    });
}

} // namespace solo::ctl
