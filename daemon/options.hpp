// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace solo {

/// solod's command line.
struct Options {
    std::string config = "/etc/solo/solo.conf";
    bool is_config_given = false;
    std::string runtime_dir = "/run/solo";
    std::string state_dir = "/var/lib/solo";
    bool check_config = false;
};

/// Reads the command line. Ends the program after --help and --version, and with status 2 where it is wrong.
Options parse_options(int argc, char** argv);

} // namespace solo
