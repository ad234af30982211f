// SPDX-License-Identifier: MIT
#include "daemon/scope.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/sessions.hpp"

#include <string>

#include <unistd.h>

using namespace solo;
using namespace solo::testing;

namespace {

constexpr const char* scope = "/user.slice/user-1000.slice/session-3.scope";

void a_process_is_in_a_group_and_in_all_above_it(void** /*state*/) {
    const std::string lines = "12:cpuset:/\n1:name=systemd:/user.slice\n0::" + std::string{scope} + "/job\n";
    expect(is_within(lines, scope), "in a group below it");
    expect(is_within(lines, std::string{scope} + "/job"), "in the group itself");
    expect(is_within("0::" + std::string{scope}, scope), "without a line's end");
    expect(is_within("1:name=systemd:" + std::string{scope} + "\n0::/\n", scope), "in another hierarchy");
    expect(!is_within(lines, std::string{scope} + "/job/deeper"), "not in one below");
}

void another_group_of_a_like_name_is_another(void** /*state*/) {
    for (const std::string other :
         {"/user.slice/user-1000.slice/session-3.scope2", "/user.slice/user-1000.slice/session-31.scope",
          "/user.slice/user-1001.slice/session-3.scope",
          "/machine.slice/user.slice/user-1000.slice/session-3.scope",
          "/user.slice/user-1000.slice/session-3.scope (deleted)", "/", ""})
        expect(!is_within("0::" + other + "\n", scope), other);
    expect(!is_within("", scope), "no lines");
    expect(!is_within("garbage\n::\n:", scope), "no lines of that form");
}

void the_mount_of_version_2_is_found_in_each_layout(void** /*state*/) {
    const auto unified =
        find_cgroup_mount("22 1 0:20 / /proc rw - proc proc rw\n"
                          "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
    expect_equal(unified->point, "/sys/fs/cgroup");
    expect_equal(unified->root, "");
    const auto hybrid =
        find_cgroup_mount("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                          "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                          "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw");
    expect_equal(hybrid->point, "/sys/fs/cgroup/unified");
    const auto part = find_cgroup_mount("41 31 0:38 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    expect_equal(part->root, "/box");
    expect(!find_cgroup_mount("31 23 0:28 / /sys/fs/cgroup rw - tmpfs cgroup2 rw\n"), "none");
    expect(!find_cgroup_mount(""), "nothing at all");
}

void a_session_without_a_scope_has_none(void** /*state*/) {
    Session session = session_of(1);
    expect(!Scope::of(session), "logind knows nothing of it");
    session.traces.logind_session = "solotestnosuch";
    expect(!Scope::of(session), "it is gone");
    session.uid.reset();
    expect(!Scope::of(session), "an account without a uid has no slice");
}

void this_process_is_in_no_scope_that_there_is_not(void** /*state*/) {
    expect(!is_in_scope(::getpid(), 1000, "solotestnosuch"), "it is elsewhere");
    expect(!is_in_scope(INT32_MAX, 1000, "3"), "a process that is not there");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_process_is_in_a_group_and_in_all_above_it),
        SOLO_TEST(another_group_of_a_like_name_is_another),
        SOLO_TEST(the_mount_of_version_2_is_found_in_each_layout),
        SOLO_TEST(a_session_without_a_scope_has_none),
        SOLO_TEST(this_process_is_in_no_scope_that_there_is_not),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
