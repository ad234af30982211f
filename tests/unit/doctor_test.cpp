// SPDX-License-Identifier: MIT
// The looks of soloctl doctor that tests/integration/doctor.bats cannot have on its host.
#include "ctl/doctor/checks.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/temp_dir.hpp"

#include <algorithm>

#include <sys/socket.h>
#include <sys/un.h>

using namespace solo::testing;
using namespace solo::ctl;

namespace {

/// As "level: text".
std::string said_by(const Finding& found) {
    return std::string{solo::protocol::name_of(found.level)} + ": " + found.text;
}

/// The only finding.
std::string only(const Findings& findings) {
    expect_equal(findings.size(), 1U);
    return said_by(findings.at(0));
}

void a_solod_of_another_version_is_found(void** /*state*/) {
    solo::protocol::sessions::Status::Reply status;
    status.version = "0.1.0";
    expect_equal(only(check_daemon(status, "0.1.0")), "ok: solod 0.1.0 answers");
    expect_equal(only(check_daemon(status, "0.2.0")), "warning: solod 0.1.0 runs, and 0.2.0 is installed");
    status.problems = {"the disk is full"};
    expect_equal(only(check_daemon(status, "0.1.0")), "wrong: solod is degraded: the disk is full");
}

void a_problem_that_solod_has_twice_is_found_once(void** /*state*/) {
    solo::protocol::sessions::Status::Reply status;
    status.version = "0.1.0";
    status.state = solo::protocol::Health::degraded;
    status.problems = {"the disk is full", "not reloaded", "the disk is full"};
    const auto found = check_daemon(status, "0.1.0");
    expect_equal(found.size(), 2U);
    expect_equal(said_by(found.at(0)), "wrong: solod is degraded: the disk is full");
    expect_equal(said_by(found.at(1)), "wrong: solod is degraded: not reloaded");
}

void a_solod_that_hangs_is_restarted_and_one_that_is_absent_is_started(void** /*state*/) {
    using solo::protocol::Fault;
    const auto mend = [](std::optional<Fault> fault) {
        const auto found = check_daemon(tl::unexpected{NoAnswer{"no answer", fault}}, "0.1.0");
        expect_equal(only(found), "wrong: no answer");
        return found.at(0).mend.value_or("");
    };
    expect_within(mend(Fault::absent), "systemctl start solod");
    for (const Fault fault : {Fault::timeout, Fault::closed, Fault::malformed})
        expect_within(mend(fault), "systemctl restart solod");
    expect_equal(mend(Fault::forbidden), "");
    expect_equal(mend(std::nullopt), "");
}

/// What mends the unit of this name.
std::string mend_of_unit(const Findings& findings, const std::string& unit) {
    const auto found = std::ranges::find_if(
        findings, [&](const Finding& each) { return each.text.starts_with(unit + " is not "); });
    return found == findings.end() ? "" : found->mend.value_or("");
}

void what_mends_sockets_and_units_is_what_systemd_does(void** /*state*/) {
    const TempDir root;
    std::filesystem::create_directories(root.path("run/systemd/system"));
    const auto units_where = [&](const std::string& question, const std::string& answer) {
        const auto systemctl = root.write("systemctl", "#!/bin/sh\n[ $1 != " + question + " ] || { echo " +
                                                           answer + "; exit 1; }\n");
        ::chmod(systemctl.c_str(), 0755);
        return check_units(root.path(), systemctl);
    };
    const auto inactive = units_where("is-active", "inactive");
    expect_equal(mend_of_unit(inactive, "solod.service"), "systemctl start solod.service");
    // A socket does not start beside its running service.
    expect_equal(mend_of_unit(inactive, "solod.socket"),
                 "systemctl stop solod.service; systemctl start solod.socket solod.service");
    expect_equal(mend_of_unit(units_where("is-enabled", "disabled"), "solod.socket"),
                 "systemctl enable solod.socket solod.service");
    for (const auto& socket : check_sockets(root.path("nowhere")))
        expect_equal(socket.mend.value_or(""),
                     "systemctl stop solod.socket solod.service; systemctl start solod.socket solod.service");
}

/// What is found in a file of /etc/pam.d with this one line.
Findings found_in_line(const TempDir& root, const std::string& line) {
    root.write("etc/pam.d/sshd", "# first\n" + line + "\n");
    return check_arguments(root.path());
}

void arguments_that_the_module_does_not_understand_are_found(void** /*state*/) {
    const TempDir root;
    expect_equal(found_in_line(root, "account requisite pam_solo.so").size(), 0U);
    expect_equal(
        found_in_line(root, "account requisite pam_solo.so timeout=5 debug on_unavailable=allow").size(), 0U);
    expect_equal(found_in_line(root, "account requisite pam_unix.so bogus").size(), 0U);
    const auto found = found_in_line(root, "session requisite pam_solo.so bogus timeout=5s [a b] debug");
    expect_equal(found.size(), 3U);
    for (const auto& each : found)
        expect_equal(each.place.value_or(""), "/etc/pam.d/sshd:2");
    expect_within(said_by(found.at(0)), "wrong: the module does not understand \"bogus\"");
    expect_within(said_by(found.at(1)), "\"timeout=5s\"");
    expect_within(said_by(found.at(2)), "\"a b\"");
}

void a_break_glass_group_has_to_exist(void** /*state*/) {
    const TempDir root;
    expect_equal(found_in_line(root, "account requisite pam_solo.so break_glass=root").size(), 0U);
    expect_within(only(found_in_line(root, "account requisite pam_solo.so break_glass=no-such-group")),
                  "wrong: break_glass=no-such-group: there is no such group");
}

void a_socket_of_its_own_has_to_be_there(void** /*state*/) {
    const TempDir root;
    // The usual one is another look's.
    expect_equal(found_in_line(root, "account requisite pam_solo.so socket=/run/solo/login.sock").size(), 0U);
    const std::string line = "account requisite pam_solo.so socket=/run/own.sock";
    expect_within(only(found_in_line(root, line)), "wrong: socket=/run/own.sock: no socket: No such file");
    root.write("run/own.sock", "");
    expect_equal(only(found_in_line(root, line)), "wrong: socket=/run/own.sock: this is no socket");
    std::filesystem::remove(root.path("run/own.sock"));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    root.path("run/own.sock").copy(address.sun_path, sizeof address.sun_path - 1);
    const solo::protocol::UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    // NOLINTNEXTLINE: what bind(2) wants
    expect_equal(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    expect_equal(found_in_line(root, line).size(), 0U);
}

void units_are_asked_for_where_systemd_runs(void** /*state*/) {
    const TempDir root;
    const auto systemctl = root.write("systemctl", "#!/bin/sh\n[ \"$*\" != 'is-enabled solod.socket' ] || "
                                                   "{ echo disabled; exit 1; }\n");
    ::chmod(systemctl.c_str(), 0755);
    expect_within(only(check_units(root.path(), systemctl)), "note: systemd does not run here");
    std::filesystem::create_directories(root.path("run/systemd/system"));
    const auto found = check_units(root.path(), systemctl);
    expect_equal(found.size(), 2U);
    expect_equal(found.at(0).text, "solod.service is enabled and active");
    expect_equal(said_by(found.at(1)), "wrong: solod.socket is not enabled: disabled");
}

void logind_is_wanted_where_something_asks_it(void** /*state*/) {
    const TempDir root;
    expect_within(only(check_logind(root.path())), "note: ");
    root.write("etc/pam.d/sshd", "session requisite pam_solo.so\nsession optional pam_systemd.so\n");
    expect_within(only(check_logind(root.path())), "warning: sshd runs pam_systemd");
    std::filesystem::create_directories(root.path("run/systemd/system"));
    expect_within(only(check_logind(root.path())), "wrong: the system bus does not answer");
}

void a_service_that_is_ignored_needs_no_lines(void** /*state*/) {
    const TempDir root;
    root.write("etc/pam.d/cron", "session requisite pam_solo.so\n");
    expect_equal(only(check_services(root.path(), {"cron"})),
                 "note: cron is in IgnoreServices: its lines count only for services that include it");
    expect_within(only(check_services(root.path(), {})), "wrong: the account line is missing");
}

void lines_that_a_service_has_twice_are_taken_out_where_they_come_from(void** /*state*/) {
    const TempDir root;
    root.write("etc/pam.d/su", "account requisite pam_solo.so\n");
    root.write("etc/pam.d/su-l", "account requisite pam_solo.so\naccount include su\n"
                                 "session requisite pam_solo.so\nsession include su\n");
    const auto found = check_services(root.path(), {"su"});
    expect_equal(found.size(), 2U);
    expect_within(found.at(0).text, "su is in IgnoreServices");
    expect(found.at(1).level == Level::wrong, found.at(1).text);
    expect_within(found.at(1).text, "su-l has an account line and includes this one");
    expect_within(found.at(1).place.value_or(""), "/etc/pam.d/su:1");
    expect_within(found.at(1).mend.value_or(""), "/etc/pam.d/su:1. Take it out there");
}

void warnings_about_the_configuration_are_no_faults(void** /*state*/) {
    expect_equal(only(check_configuration(true, "/a.conf:1: [Group x]: no such group\n")),
                 "warning: /a.conf:1: [Group x]: no such group");
    expect_equal(only(check_configuration(true, "[Policy] Enforce=yes\t(default)\n")),
                 "ok: the configuration is right");
    expect_equal(only(check_configuration(false, "/a.conf:2: unknown key\n")),
                 "wrong: /a.conf:2: unknown key");
    expect_equal(only(check_configuration(false, "")), "wrong: solod --check-config fails without a word");
}

void a_wrong_configuration_is_taken_over_by_a_solod_that_is_down_too(void** /*state*/) {
    const auto found = check_configuration(false, "/a.conf:2: unknown key\n");
    expect_within(found.at(0).mend.value_or(""), "then systemctl reload-or-restart solod");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_solod_of_another_version_is_found),
        SOLO_TEST(a_problem_that_solod_has_twice_is_found_once),
        SOLO_TEST(a_solod_that_hangs_is_restarted_and_one_that_is_absent_is_started),
        SOLO_TEST(what_mends_sockets_and_units_is_what_systemd_does),
        SOLO_TEST(units_are_asked_for_where_systemd_runs),
        SOLO_TEST(logind_is_wanted_where_something_asks_it),
        SOLO_TEST(a_service_that_is_ignored_needs_no_lines),
        SOLO_TEST(lines_that_a_service_has_twice_are_taken_out_where_they_come_from),
        SOLO_TEST(warnings_about_the_configuration_are_no_faults),
        SOLO_TEST(a_wrong_configuration_is_taken_over_by_a_solod_that_is_down_too),
        SOLO_TEST(arguments_that_the_module_does_not_understand_are_found),
        SOLO_TEST(a_break_glass_group_has_to_exist),
        SOLO_TEST(a_socket_of_its_own_has_to_be_there),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
