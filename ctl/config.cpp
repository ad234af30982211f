// SPDX-License-Identifier: MIT
// solod alone knows how its configuration is read, so this asks the program itself and not the daemon that
// runs: what is shown is what the next start or reload would load.
#include "ctl/child.hpp"
#include "ctl/command.hpp"
#include "ctl/config_lines.hpp"
#include "ctl/output.hpp"
#include "ctl/problem.hpp"
#include "protocol/codec.hpp"
#include "protocol/printable.hpp"

#include <filesystem>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include <unistd.h>

namespace solo::ctl {

namespace {

/// solod as it is installed beside this program, or built beside it, else where packages put it.
std::filesystem::path find_solod() {
    std::error_code ignored;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const auto* const place : {"../sbin/solod", "../daemon/solod"}) {
        auto path = (here / place).lexically_normal();
        if (::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, ignored))
            return path;
    }
    return "/usr/sbin/solod";
}

std::vector<ConfigValue> parse(const std::string& output, const std::string& solod) {
    std::vector<ConfigValue> values;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        auto value = parse_config_line(line);
        if (!value) {
            throw Problem{exit_no,
                          fmt::format("{} --check-config printed what is no setting: {}. Are soloctl "
                                      "(" SOLO_VERSION ") and solod of the same version?",
                                      protocol::printable(solod), protocol::printable(line))};
        }
        values.push_back(*std::move(value));
    }
    return values;
}

/// solod says itself, on standard error, what is wrong with the configuration.
ExitStatus config(const Options& options, const std::string& file) {
    std::vector<std::string> arguments{find_solod(), "--check-config"};
    if (!file.empty())
        arguments.insert(arguments.end(), {"--config", file});
    const auto result = run_child(arguments);
    if (!result.has_succeeded)
        return exit_no;
    const auto values = parse(result.output, arguments[0]);
    if (options.json) {
        print_json(protocol::encode(values));
    } else {
        print(config_text(values));
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
