// SPDX-License-Identifier: MIT
// soloctl config asks a solod that stands where an installed one stands beside it. Here that is a script.
#include "tests/unit/ctl_harness.hpp"

#include <filesystem>
#include <fstream>

using namespace solo::testing;

namespace {

namespace fs = std::filesystem;

/// Installs a copy of soloctl in bin/ and a solod that does what the script says in `place`; runs config.
Outcome config(const Harness& test, const std::string& script, std::vector<std::string> arguments = {},
               const std::string& place = "sbin") {
    const fs::path root = test.directory();
    fs::create_directories(root / "bin");
    fs::create_directories(root / place);
    fs::copy_file(SOLOCTL, root / "bin/soloctl", fs::copy_options::overwrite_existing);
    std::ofstream{root / place / "solod"} << "#!/bin/sh\n" << script << '\n';
    fs::permissions(root / place / "solod", fs::perms::owner_all);
    arguments.insert(arguments.begin(), "config");
    return run({.arguments = std::move(arguments), .program = root / "bin/soloctl"});
}

const std::string prints_two_sections =
    R"(printf '[Policy] Enforce=yes\t(default)\n')"
    "\n"
    R"(printf '[Policy] OnConflict=refuse\t/etc/solo/solo.conf:3\n')"
    "\n"
    R"(printf '[User alice] MaxSessions=2\t/etc/solo/solo.conf.d/a.conf:7\n')";

void config_is_aligned_and_grouped_by_section(void** state) {
    const auto outcome = config(harness(state), prints_two_sections);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err.c_str(), "");
    assert_string_equal(outcome.out.c_str(), "[Policy]\n"
                                             "Enforce=yes        # (default)\n"
                                             "OnConflict=refuse  # /etc/solo/solo.conf:3\n"
                                             "\n"
                                             "[User alice]\n"
                                             "MaxSessions=2      # /etc/solo/solo.conf.d/a.conf:7\n");
}

void a_long_value_does_not_push_the_others_aside(void** state) {
    const std::string services(100, 'x');
    const auto outcome = config(harness(state), "printf '[Policy] IgnoreServices=" + services +
                                                    "\\t/x:1\\n[Policy] A=b\\t/x:2\\n'");
    assert_string_equal(outcome.out.c_str(),
                        ("[Policy]\nIgnoreServices=" + services + "  # /x:1\nA=b  # /x:2\n").c_str());
}

void config_in_json_is_an_array_of_values(void** state) {
    const auto outcome = config(harness(state), prints_two_sections, {"--json"});
    assert_int_equal(outcome.status, 0);
    assert_true(json_of(outcome.out) == json_of(R"json([
        {"section":"Policy","key":"Enforce","value":"yes","source":"(default)"
},
        {"section":"Policy","key":"OnConflict","value":"refuse","source":"/etc/solo/solo.conf:3"},
        {"section":"User alice","key":"MaxSessions","value":"2","source":"/etc/solo/solo.conf.d/a.conf:7"}])json"));
}

void values_may_be_empty_or_have_separators_in_them(void** state) {
    const auto outcome =
        config(harness(state), R"(printf '[Policy] Message=\t(default)\n[Policy] Message=a=b\tc] \t/x:1\n')",
               {"--json"});
    assert_int_equal(outcome.status, 0);
    const auto value = json_of(outcome.out);
    assert_true(value[0]["value"] == "" && value[0]["source"] == "(default)");
    assert_true(value[1]["value"] == "a=b\tc] " && value[1]["source"] == "/x:1");
}

void values_are_escaped(void** state) {
    const auto outcome = config(harness(state), R"(printf '[Policy] Message=\033[2J\t/x:1\n')");
    assert_string_equal(outcome.out.c_str(), "[Policy]\nMessage=\\x1b[2J  # /x:1\n");
}

void solod_is_told_which_file_and_nothing_more(void** state) {
    const auto& test = harness(state);
    const std::string script = R"(printf '[a] b=%s\t%s\n' "$*" "$#")";
    assert_contains(config(test, script, {"--config", "/x y;z"}).out,
                    "b=--check-config --config /x y;z  # 3");
    assert_contains(config(test, script).out, "b=--check-config  # 1");
}

void errors_of_the_configuration_pass_through(void** state) {
    const auto outcome = config(harness(state), R"(echo '/etc/solo/solo.conf:3: no such key: Enfroce' >&2
printf '[a] b=c\td\n'; exit 1)");
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.out.c_str(), "");
    assert_string_equal(outcome.err.c_str(), "/etc/solo/solo.conf:3: no such key: Enfroce\n");
}

void a_solod_of_the_build_tree_is_found_too(void** state) {
    const auto outcome = config(harness(state), prints_two_sections, {}, "daemon");
    assert_int_equal(outcome.status, 0);
}

void the_installed_solod_comes_before_the_built_one(void** state) {
    const auto& test = harness(state);
    (void)config(test, "exit 1", {}, "daemon");
    assert_int_equal(config(test, prints_two_sections).status, 0);
}

void a_solod_that_cannot_be_run_is_named(void** state) {
    if (fs::exists("/usr/sbin/solod"))
        skip();
    const auto& test = harness(state);
    (void)config(test, "");
    fs::remove_all(fs::path{test.directory()} / "sbin");
    const auto outcome = run({.arguments = {"config"}, .program = test.directory() + "/bin/soloctl"});
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.err.c_str(),
                        "soloctl: cannot run /usr/sbin/solod: No such file or directory\n");
}

void a_solod_that_dies_is_a_failure(void** state) {
    const auto outcome = config(harness(state), "kill -KILL $$");
    assert_int_equal(outcome.status, 1);
    assert_contains(outcome.err, "/sbin/solod was ended by signal 9");
}

void output_that_is_no_setting_is_a_failure(void** state) {
    const auto& test = harness(state);
    for (const auto* const line :
         {"nonsense", "[a] b=c", "[a] b\\tc", "[a]b=c\\td", "a] b=c\\td", "[a] b\\tc=d"}) {
        const auto outcome = config(test, "printf '" + std::string{line} + "\\n'");
        assert_int_equal(outcome.status, 1);
        assert_string_equal(outcome.out.c_str(), "");
        assert_contains(outcome.err, "printed what is no setting");
    }
}

void much_configuration_is_read_whole(void** state) {
    const auto outcome =
        config(harness(state),
               R"(i=0; while [ $i -lt 5000 ]; do printf '[User u%d] MaxSessions=2\t/x:%d\n' $i $i
i=$((i+1)); done)",
               {"--json"});
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_of(outcome.out).size(), 5000);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        WITH_HARNESS(config_is_aligned_and_grouped_by_section),
        WITH_HARNESS(a_long_value_does_not_push_the_others_aside),
        WITH_HARNESS(config_in_json_is_an_array_of_values),
        WITH_HARNESS(values_may_be_empty_or_have_separators_in_them),
        WITH_HARNESS(values_are_escaped),
        WITH_HARNESS(solod_is_told_which_file_and_nothing_more),
        WITH_HARNESS(errors_of_the_configuration_pass_through),
        WITH_HARNESS(a_solod_of_the_build_tree_is_found_too),
        WITH_HARNESS(the_installed_solod_comes_before_the_built_one),
        WITH_HARNESS(a_solod_that_cannot_be_run_is_named),
        WITH_HARNESS(a_solod_that_dies_is_a_failure),
        WITH_HARNESS(output_that_is_no_setting_is_a_failure),
        WITH_HARNESS(much_configuration_is_read_whole),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
