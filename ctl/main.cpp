// SPDX-License-Identifier: MIT
#include "ctl/command.hpp"
#include "ctl/output.hpp"
#include "ctl/problem.hpp"
#include "protocol/printable.hpp"

#include <clocale>
#include <csignal>
#include <exception>

#include <CLI/CLI.hpp>

using namespace solo::ctl;

namespace {

void declare(CLI::App& app, Options& options, Run& chosen) {
    app.name("soloctl");
    app.set_version_flag("--version", "soloctl " SOLO_VERSION);
    app.add_option("--socket", options.socket, "Where solod listens")
        ->type_name("PATH")
        ->capture_default_str();
    app.add_flag("--json", options.json, "Print JSON");
    app.fallthrough();
    app.require_subcommand(1);
    for (const auto add : {add_list, add_show, add_history, add_end, add_status, add_metrics, add_validate,
                           add_explain, add_config, add_watch, add_unlock, add_open, add_renew, add_close,
                           add_enable, add_disable, add_doctor})
        add(app, chosen);
}

/// What is wrong with the command line, for people. That no command is there is all that CLI11 says of a
/// command that it does not know.
std::string usage_problem(const CLI::App& app, const CLI::ParseError& error) {
    const bool has_command = !app.get_subcommands().empty();
    if (has_command || error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError))
        return error.what();
    for (const auto& word : app.remaining())
        return (word.starts_with('-') ? "there is no option " : "there is no command ") + word;
    return "a command is missing";
}

ExitStatus run(int argc, char** argv) {
    Options options;
    Run chosen;
    CLI::App app{"Show and end the logins that solod keeps account of."};
    declare(app, options, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& answered) { // --help, --version
        app.exit(answered);
        return exit_yes;
    } catch (const CLI::ParseError& error) {
        print_error(solo::protocol::printable(usage_problem(app, error)) + "\nTry: soloctl --help");
        return exit_usage;
    }
    return chosen(options);
}

} // namespace

int main(int argc, char** argv) {
    (void)std::setlocale(LC_ALL, "");
    (void)std::signal(SIGPIPE, SIG_IGN); // a reader that goes away is found by write(2), in print
    try {
        return run(argc, argv);
    } catch (const Problem& problem) {
        print_error(problem.what());
        return problem.status();
    } catch (const std::exception& error) {
        print_error(solo::protocol::printable(error.what()));
        return exit_no;
    }
}
