// SPDX-License-Identifier: MIT
#include "ctl/child.hpp"
#include "ctl/client.hpp"
#include "ctl/command.hpp"
#include "ctl/doctor/checks.hpp"
#include "ctl/output.hpp"
#include "ctl/solod_program.hpp"
#include "ctl/terminal.hpp"
#include "protocol/codec.hpp"
#include "protocol/fields.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>

#include <unistd.h>

namespace solo::ctl {

namespace {

using protocol::printable;

/// Gathers what the checks find, one after the other; one that cannot be made says so, and the others go on.
class Examination {
public:
    explicit Examination(const Options& options) : options_{options} {}

    Findings examine() {
        const auto values = configuration();
        attempt([&] { return check_services("/", words_of(values, "IgnoreServices")); });
        attempt([&] { return check_arguments("/"); });
        attempt([&] { return check_module(SOLO_PAMDIR "/pam_solo.so"); });
        attempt([&] { return sshd(values); });
        attempt([&] { return check_sockets(std::filesystem::path{options_.socket}.parent_path()); });
        attempt([&] { return daemon(); });
        attempt([&] { return check_units("/", "/usr/bin/systemctl"); });
        attempt([&] { return check_database("/var/lib/solo"); });
        attempt([&] { return check_logind("/"); });
        attempt([&] { return check_limits("/"); });
        return std::move(findings_);
    }

private:
    template<class Check>
    void attempt(Check check) {
        try {
            std::ranges::move(check(), std::back_inserter(findings_));
        } catch (const std::exception& error) {
            findings_.push_back(finding(Level::unseen, error.what()));
        }
    }

    std::vector<ConfigValue> configuration() {
        std::vector<ConfigValue> values;
        attempt([&] {
            const auto result = run_child({find_solod(), "--check-config"}, Errors::taken);
            std::istringstream lines{result.has_succeeded ? result.output : ""};
            for (std::string line; std::getline(lines, line);) {
                if (auto value = parse_config_line(line))
                    values.push_back(*std::move(value));
            }
            return check_configuration(result.has_succeeded, result.output);
        });
        return values;
    }

    Findings daemon() const {
        const auto version = run_child({find_solod(), "--version"}).output; // "solod 0.1.0"
        const auto number = version.substr(std::min(version.find(' '), version.size() - 1) + 1);
        const auto installed = number.substr(0, number.find('\n'));
        try {
            return check_daemon(Client{options_.socket}.call(protocol::sessions::Status{}), installed);
        } catch (const Unanswered& problem) {
            return check_daemon(tl::unexpected{NoAnswer{problem.what(), problem.fault()}}, installed);
        } catch (const Problem& problem) {
            return check_daemon(tl::unexpected{NoAnswer{problem.what(), {}}}, installed);
        }
    }

    /// sshd -T wants root, for the host keys; without it the files are read.
    static Findings sshd(const std::vector<ConfigValue>& values) {
        constexpr const char* program = "/usr/sbin/sshd";
        std::string effective;
        if (::geteuid() == 0 && ::access(program, X_OK) == 0) {
            auto result = run_child({program, "-T"}, Errors::taken);
            effective = result.has_succeeded ? std::move(result.output) : "";
        }
        const bool counts_by_origin = std::ranges::any_of(values, [](const ConfigValue& value) {
            return value.key == "CountBy" && value.value == "origin";
        });
        return check_sshd("/", effective, counts_by_origin);
    }

    const Options& options_;
    Findings findings_;
};

std::string level_text(const Finding& found) {
    const auto text = fmt::format("{:<8}", protocol::name_of(found.level));
    if (found.level == Level::wrong)
        return coloured(Colour::red, text);
    if (found.level == Level::warning)
        return coloured(Colour::yellow, text);
    return found.level == Level::ok ? coloured(Colour::green, text) : text;
}

std::string findings_text(const Findings& findings) {
    std::string text;
    for (const auto& found : findings) {
        const auto place = found.place ? printable(*found.place) + ": " : "";
        text += fmt::format("{} {}{}\n", level_text(found), place, printable(found.text));
        if (found.mend)
            text += fmt::format("{:<8} Mend: {}\n", "", printable(*found.mend));
    }
    const auto wrong =
        std::ranges::count_if(findings, [](const Finding& found) { return found.level == Level::wrong; });
    return text + (wrong == 0 ? "Nothing is wrong.\n" : fmt::format("{} wrong.\n", wrong));
}

ExitStatus doctor(const Options& options) {
    const auto findings = Examination{options}.examine();
    if (options.json) {
        print_json(protocol::to_json(findings));
    } else {
        print(findings_text(findings));
    }
    const bool is_healthy =
        std::ranges::none_of(findings, [](const Finding& found) { return found.level == Level::wrong; });
    return is_healthy ? exit_yes : exit_no;
}

} // namespace

void add_doctor(CLI::App& app, Run& chosen) {
    auto* const command =
        app.add_subcommand("doctor", "Look for what is wrong with the set-up, and say how to mend it");
    command->callback([&chosen] { chosen = doctor; });
}

} // namespace solo::ctl
