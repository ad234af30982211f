// SPDX-License-Identifier: MIT
// The looks of soloctl doctor that tests/integration/doctor.bats cannot have on its host.
#include "ctl/doctor/checks.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/temp_dir.hpp"

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
    expect_equal(only(check_daemon(status, "", "0.1.0")), "ok: solod 0.1.0 answers");
    expect_equal(only(check_daemon(status, "", "0.2.0")),
                 "warning: solod 0.1.0 runs, and 0.2.0 is installed");
    status.problems = {"the disk is full"};
    expect_equal(only(check_daemon(status, "", "0.1.0")), "wrong: solod is degraded: the disk is full");
    expect_equal(only(check_daemon({}, "cannot reach it", "0.1.0")), "wrong: cannot reach it");
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

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_solod_of_another_version_is_found),
        SOLO_TEST(units_are_asked_for_where_systemd_runs),
        SOLO_TEST(logind_is_wanted_where_something_asks_it),
        SOLO_TEST(a_service_that_is_ignored_needs_no_lines),
        SOLO_TEST(lines_that_a_service_has_twice_are_taken_out_where_they_come_from),
        SOLO_TEST(warnings_about_the_configuration_are_no_faults),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
