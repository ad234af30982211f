// SPDX-License-Identifier: MIT
#include "ctl/arguments.hpp"
#include "ctl/command.hpp"
#include "ctl/lockout.hpp"
#include "ctl/output.hpp"
#include "ctl/pam/placement.hpp"
#include "ctl/problem.hpp"
#include "ctl/service_edit.hpp"
#include "ctl/solod_program.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;

constexpr const char* nothing_to_do = "has its lines, in the right place";

struct EnableRequest {
    std::vector<std::string> services;
    bool is_dry_run = false;
};

std::vector<std::string> ignored_services() {
    const auto values = read_config();
    if (!values)
        throw Problem{exit_no, "the configuration is wrong, so solod would not start again. Mend it first: "
                               "solod --check-config"};
    return words_of(*values, "IgnoreServices");
}

void require_login_service(const std::string& service, const ServiceEdit& edit) {
    if (is_shared(edit.path.filename().string())) {
        throw Problem{exit_no,
                      fmt::format("{} is no service but included by many, screen lockers among them. "
                                  "Enable the services that people log in by: soloctl enable sshd login",
                                  printable(edit.path.string()))};
    }
    static const auto ignored = ignored_services();
    if (std::ranges::find(ignored, service) != ignored.end() || service == "systemd-user") {
        throw Problem{exit_no,
                      fmt::format("{} is in IgnoreServices: its sessions are no logins (solo.conf(5))",
                                  printable(service))};
    }
}

ServiceEdit planned(const std::string& service) {
    auto edit = open_service(service);
    require_login_service(service, edit);
    const ServiceFile file{edit.path, edit.before.text};
    auto text = with_solo(file, PamDirectory{}.included_by(file));
    if (!text)
        throw Problem{exit_no, printable(text.error())};
    edit.after = *std::move(text);
    return edit;
}

/// What the file was without Solo. Taking the lines out of what has just been made cannot fail.
std::string without(const ServiceEdit& edit) {
    const ServiceFile file{edit.path, edit.before.text};
    return without_solo(file, PamDirectory{}.included_by(file)).value_or(edit.before.text);
}

/// Where one cannot be written, those before it are shown, and stay.
void apply_all(const Options& options, std::vector<ServiceEdit>& edits) {
    std::size_t done = 0;
    try {
        for (; done < edits.size(); ++done) {
            if (!edits[done].changes())
                continue;
            keep_backup(edits[done], without(edits[done]));
            apply(edits[done]);
        }
    } catch (const Problem& problem) {
        const auto path = printable(edits[done].path.string());
        edits.resize(done);
        if (!edits.empty())
            print_edits(options, edits, nothing_to_do);
        throw Problem{problem.status(), fmt::format("{}. Nothing was written to {}", problem.what(), path)};
    }
}

ExitStatus enable(const Options& options, const EnableRequest& request) {
    std::optional<PamLock> lock;
    if (!request.is_dry_run) {
        require_root(
            fmt::format("soloctl enable {}", printable(fmt::format("{}", fmt::join(request.services, " ")))));
        lock.emplace();
    }
    std::vector<ServiceEdit> edits;
    for (const auto& service : request.services)
        add_edit(edits, planned(service));
    const bool has_changes = std::ranges::any_of(edits, &ServiceEdit::changes);
    if (has_changes && !request.is_dry_run)
        require_no_lockout(options, request.services);
    if (!request.is_dry_run)
        apply_all(options, edits);
    print_edits(options, edits, nothing_to_do);
    return exit_yes;
}

} // namespace

void add_enable(CLI::App& app, Run& chosen) {
    const auto request = std::make_shared<EnableRequest>();
    auto* const command =
        app.add_subcommand("enable", "Have services ask solod: put its two lines into /etc/pam.d");
    command->add_option("SERVICE", request->services, "The services, such as sshd")
        ->required()
        ->type_name("")
        ->check(service_name());
    command->add_flag("--dry-run", request->is_dry_run, "Only show the change");
    command->callback([request, &chosen] {
        chosen = [request](const Options& options) { return enable(options, *request); };
    });
}

} // namespace solo::ctl
