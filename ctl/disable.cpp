// SPDX-License-Identifier: MIT
// Works without solod and without the module, because it is what helps when they do not: it asks nobody.
#include "ctl/arguments.hpp"
#include "ctl/command.hpp"
#include "ctl/output.hpp"
#include "ctl/pam/placement.hpp"
#include "ctl/problem.hpp"
#include "ctl/service_edit.hpp"
#include "protocol/printable.hpp"

#include <memory>
#include <optional>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using protocol::printable;

struct DisableRequest {
    std::vector<std::string> services;
    bool is_for_all = false;
    bool is_dry_run = false;
};

[[noreturn]] void refuse_common(const std::string& place) {
    throw Problem{exit_no,
                  fmt::format("the module is in {}, which pam-auth-update makes. Take it out there: "
                              "pam-auth-update --remove solo; a line that is still there then was put in "
                              "by hand and goes by hand",
                              printable(place))};
}

/// Every service with lines of its own.
std::vector<std::string> wired_services() {
    const PamDirectory directory;
    std::vector<std::string> found;
    for (const auto& name : directory.services()) {
        const auto file = directory.read(name);
        if (file && !solo_lines(*file).empty())
            found.push_back(name);
    }
    return found;
}

ServiceEdit planned(const std::string& service) {
    auto edit = open_service(service);
    const ServiceFile file{edit.path, edit.before.text};
    const auto included = PamDirectory{}.included_by(file);
    const auto ours = solo_lines(file);
    if (!ours.empty() && edit.path.filename().string().starts_with("common-"))
        refuse_common(file.place(ours.front()));
    if (const auto place = included_solo(file, included); place && ours.empty())
        refuse_common(*place);
    auto text = without_solo(file, included);
    if (!text)
        throw Problem{exit_no, printable(text.error())};
    edit.after = *std::move(text);
    return edit;
}

/// Goes on with the next service where one cannot be changed: the more of them people can log in by, the
/// better.
ExitStatus disable(const Options& options, const DisableRequest& request) {
    std::optional<PamLock> lock;
    if (!request.is_dry_run) {
        require_root(fmt::format(
            "soloctl disable {}",
            request.is_for_all ? "--all" : printable(fmt::format("{}", fmt::join(request.services, " ")))));
        lock.emplace();
    }
    const auto services = request.is_for_all ? wired_services() : request.services;
    ExitStatus status = exit_yes;
    std::vector<ServiceEdit> done;
    for (const auto& service : services) {
        try {
            auto edit = planned(service);
            if (edit.changes() && !request.is_dry_run)
                apply(edit);
            add_edit(done, std::move(edit));
        } catch (const Problem& problem) {
            print_error(problem.what());
            status = problem.status();
        }
    }
    print_edits(options, done, "has no line of Solo");
    return status;
}

} // namespace

void add_disable(CLI::App& app, Run& chosen) {
    const auto request = std::make_shared<DisableRequest>();
    auto* const command = app.add_subcommand("disable", "Take Solo's lines out of /etc/pam.d again");
    auto* const services = command->add_option("SERVICE", request->services, "The services, such as sshd")
                               ->type_name("")
                               ->check(service_name());
    auto* const all = command->add_flag("--all", request->is_for_all, "Every service that has one");
    command->add_flag("--dry-run", request->is_dry_run, "Only show the change");
    services->excludes(all);
    command->callback([request, &chosen] {
        if (request->services.empty() && !request->is_for_all)
            throw CLI::RequiredError{"SERVICE or --all"};
        chosen = [request](const Options& options) { return disable(options, *request); };
    });
}

} // namespace solo::ctl
