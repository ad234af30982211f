// SPDX-License-Identifier: MIT
// What soloctl doctor looks at, a function each. They change nothing. `root` stands before every path; tests
// have one of their own.
#pragma once

#include "ctl/doctor/finding.hpp"
#include "protocol/channel.hpp"
#include "protocol/sessions_messages.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo::ctl {

/// Solo's lines in /etc/pam.d: some service has them, both, in the right place, and no included file has one.
Findings check_services(const std::filesystem::path& root, const std::vector<std::string>& ignored);

/// What stands behind the module's name there: it is known, and the group and the socket that it names exist.
Findings check_arguments(const std::filesystem::path& root);

/// sshd runs PAM, and gives it addresses. `effective` is what `sshd -T` prints; empty where it could not be
/// asked.
Findings check_sshd(const std::filesystem::path& root, const std::string& effective, bool counts_by_origin);

/// pam_solo.so is there, root's, and can be loaded.
Findings check_module(const std::filesystem::path& module);

/// login.sock and sessions.sock have the right owner and mode.
Findings check_sockets(const std::filesystem::path& runtime_dir);

/// The file of the database, and those that were moved aside.
Findings check_database(const std::filesystem::path& state_dir);

/// What solod --check-config prints on both outputs: values, and what is wrong.
Findings check_configuration(bool is_right, const std::string& output);

/// Why solod did not say how it is doing.
struct NoAnswer {
    std::string text;
    std::optional<protocol::Fault> fault; ///< nothing where it answered with an error, which says what to do
};

/// What a solod that answers says of itself.
Findings check_daemon(const tl::expected<protocol::sessions::Status::Reply, NoAnswer>& status,
                      const std::string& installed_version);

/// maxlogins in /etc/security, which counts beside Solo.
Findings check_limits(const std::filesystem::path& root);

/// Where systemd runs: the units are enabled and active. `systemctl` is the program.
Findings check_units(const std::filesystem::path& root, const std::string& systemctl);

/// Where systemd runs or pam_systemd is in the stack: logind answers on the system bus.
Findings check_logind(const std::filesystem::path& root);

} // namespace solo::ctl
