// SPDX-License-Identifier: MIT
#include "daemon/options.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

namespace solo {

Options parse_options(int argc, char** argv) {
    Options options;
    CLI::App app{"Gives every account of this host at most one concurrent login. Runs in the foreground.",
                 "solod"};
    const auto* const config = app.add_option("--config", options.config, "configuration file")
                                   ->type_name("FILE")
                                   ->capture_default_str();
    app.add_option("--runtime-dir", options.runtime_dir, "where the sockets are")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--state-dir", options.state_dir, "where the database is")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_flag("--check-config", options.check_config,
                 "print the configuration and where each value comes from, and exit");
    app.set_version_flag("--version", "solod " SOLO_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        std::exit(status == 0 ? EXIT_SUCCESS : 2);
    }
    options.is_config_given = config->count() > 0;
    return options;
}

} // namespace solo
