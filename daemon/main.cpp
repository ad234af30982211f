// SPDX-License-Identifier: MIT
#include "daemon/daemon.hpp"
#include "daemon/log.hpp"
#include "daemon/store.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <malloc.h>

namespace {

int print_config(const solo::Config& config) {
    for (const std::string& warning : config.warnings)
        fmt::print(stderr, "{}\n", warning);
    for (const solo::ConfigEntry& entry : config.entries)
        fmt::print("{} {}={}\t{}\n", entry.section, entry.key, entry.value, entry.source);
    return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
    const solo::Options options = solo::parse_options(argc, argv);
    const solo::ConfigPaths paths{.file = options.config, .must_exist = options.is_config_given};
    auto config = solo::load_config(paths);
    if (!config) {
        for (const std::string& error : config.error())
            fmt::print(stderr, "{}\n", error);
        return EXIT_FAILURE;
    }
    if (options.check_config)
        return print_config(*config);
    std::signal(SIGPIPE, SIG_IGN); // whoever reads the log may go
    solo::Daemon{options, paths, std::move(*config)}.run();
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    // SQLite takes 64 KB for most transactions (its statement journal); the C library would give it back to
    // the kernel each time, and its pages would have to be made anew.
    ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
    solo::Store::set_up_library();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        solo::log_line(solo::Priority::critical, error.what());
        return EXIT_FAILURE;
    }
}
