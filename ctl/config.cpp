// SPDX-License-Identifier: MIT
#include "ctl/command.hpp"
#include "ctl/config_lines.hpp"
#include "ctl/output.hpp"
#include "ctl/solod_program.hpp"
#include "protocol/codec.hpp"

#include <memory>

namespace solo::ctl {

namespace {

/// solod says itself, on standard error, what is wrong with the configuration.
ExitStatus config(const Options& options, const std::string& file) {
    const auto values = read_config(file);
    if (!values)
        return exit_no;
    if (options.json) {
        print_json(protocol::to_json(*values));
    } else {
        print(config_text(*values));
    }
    return exit_yes;
}

} // namespace

void add_config(CLI::App& app, Run& chosen) {
    const auto file = std::make_shared<std::string>();
    auto* const command =
        app.add_subcommand("config", "Show the configuration and where each value comes from");
    command->add_option("--config", *file, "Read this file instead of /etc/solo/solo.conf")
        ->type_name("FILE");
    command->callback(
        [file, &chosen] { chosen = [file](const Options& options) { return config(options, *file); }; });
}

} // namespace solo::ctl
