// SPDX-License-Identifier: MIT
// Each subcommand is one file with one of these functions: it declares its options and, when the command line
// names it, sets `chosen` to what is to be run after parsing.
#pragma once

#include "ctl/exit_status.hpp"
#include "ctl/options.hpp"

#include <functional>

#include <CLI/App.hpp>

namespace solo::ctl {

using Run = std::function<ExitStatus(const Options&)>;

void add_list(CLI::App& app, Run& chosen);
void add_show(CLI::App& app, Run& chosen);
void add_end(CLI::App& app, Run& chosen);
void add_metrics(CLI::App& app, Run& chosen);
void add_status(CLI::App& app, Run& chosen);
void add_validate(CLI::App& app, Run& chosen);
void add_config(CLI::App& app, Run& chosen);
void add_history(CLI::App& app, Run& chosen);
void add_explain(CLI::App& app, Run& chosen);
void add_watch(CLI::App& app, Run& chosen);
void add_unlock(CLI::App& app, Run& chosen);
void add_open(CLI::App& app, Run& chosen);
void add_renew(CLI::App& app, Run& chosen);
void add_close(CLI::App& app, Run& chosen);
void add_enable(CLI::App& app, Run& chosen);
void add_disable(CLI::App& app, Run& chosen);
void add_doctor(CLI::App& app, Run& chosen);

} // namespace solo::ctl
