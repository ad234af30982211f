// SPDX-License-Identifier: MIT
#include "ctl/pam/placement.hpp"
#include "ctl/pam/unified_diff.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/pam_files.hpp"

#include <algorithm>
#include <sstream>

using namespace solo::testing;
using namespace solo::ctl;

namespace {

using Kind = Misplacement::Kind;

Included included_of(const std::map<std::string, std::string>& files) {
    Included included;
    for (const auto& [name, text] : files)
        included.emplace(name, ServiceFile{"/etc/pam.d/" + name, text});
    return included;
}

const Included& debian() {
    static const Included included = included_of(debian_common);
    return included;
}

ServiceFile file(const std::string& text, const std::string& name = "x") {
    return ServiceFile{"/etc/pam.d/" + name, text};
}

/// An example without Solo's lines, or with them.
std::string text_of(const PamExample& example, bool with) {
    std::string text;
    std::istringstream lines{example.text};
    for (std::string line; std::getline(lines, line);) {
        if (with || line.front() != '>')
            text += line.substr(1) + '\n';
    }
    return text;
}

std::string enabled(const std::string& text, const Included& included = debian(),
                    const std::string& name = "x") {
    const auto result = with_solo(file(text, name), included);
    return result ? *result : "refused: " + result.error();
}

std::string disabled(const std::string& text, const Included& included = debian(),
                     const std::string& name = "x") {
    const auto result = without_solo(file(text, name), included);
    return result ? *result : "refused: " + result.error();
}

const std::string both = "account required pam_nologin.so\n"
                         "account requisite pam_solo.so\n"
                         "@include common-account\n"
                         "session required pam_loginuid.so\n"
                         "session requisite pam_solo.so\n"
                         "@include common-session\n";

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    if (at == std::string::npos)
        throw std::runtime_error{"not there: " + from};
    return text.replace(at, from.size(), to);
}

std::vector<Kind> kinds(const std::string& text) {
    std::vector<Kind> found;
    for (const auto& wrong : misplacements(file(text), debian()))
        found.push_back(wrong.kind);
    return found;
}

void expect_kinds(const std::string& text, const std::vector<Kind>& expected) {
    expect_equal(kinds(text) == expected, true);
}

// --- putting them in
// --------------------------------------------------------------------------------------------

void the_lines_go_where_they_belong_in_the_files_of_distributions(void** /*state*/) {
    for (const auto& example : pam_examples)
        expect_equal(enabled(text_of(example, false), included_of(*example.included), example.name),
                     text_of(example, true));
}

void what_is_right_is_left_alone(void** /*state*/) {
    for (const auto& example : pam_examples) {
        const auto included = included_of(*example.included);
        expect_equal(misplacements(file(text_of(example, true), example.name), included).size(), 0U);
        expect_equal(enabled(text_of(example, true), included, example.name), text_of(example, true));
    }
}

void taking_them_out_gives_back_every_byte(void** /*state*/) {
    for (const auto& example : pam_examples)
        expect_equal(disabled(text_of(example, true), included_of(*example.included), example.name),
                     text_of(example, false));
}

// It would refuse people at their own locked screen; who has put it there by hand wants it.
void no_account_line_is_put_where_account_is_asked_again_but_one_stays(void** /*state*/) {
    const auto session_alone = changed(both, "account requisite pam_solo.so\n", "");
    const auto bare = changed(session_alone, "session requisite pam_solo.so\n", "");
    for (const auto* const name : {"gdm-password", "gdm-fingerprint", "gdm-smartcard", "lightdm"}) {
        const auto one = enabled(bare, debian(), name);
        expect_equal(solo_lines(file(one)).size(), 1U);
        expect_equal(misplacements(file(one, name), debian()).size(), 0U);
        expect_equal(enabled(both, debian(), name), both);
        const auto session_gone = changed(both, "session requisite pam_solo.so\n", "");
        expect_equal(misplacements(file(session_gone, name), debian()).size(), 1U);
        expect_equal(solo_lines(file(enabled(session_gone, debian(), name))).size(), 2U);
    }
    expect_equal(solo_lines(file(enabled(bare, debian(), "lightdm-autologin"))).size(), 2U);
}

void a_last_line_without_an_end_stays_one(void** /*state*/) {
    const std::string bare = "account required pam_unix.so\nsession required pam_loginuid.so";
    const auto with = enabled(bare);
    expect_equal(with,
                 "account    requisite    pam_solo.so\n" + bare + "\nsession    requisite    pam_solo.so");
    expect_equal(disabled(with), bare);
}

void wrong_lines_are_put_right_and_keep_their_arguments(void** /*state*/) {
    const std::string wrong =
        "session optional pam_solo.so debug\n"
        "account required pam_nologin.so\n"
        "@include common-account\n"
        "account requisite /usr/lib/security/pam_solo.so break_glass=operators timeout=3\n"
        "session required pam_loginuid.so\n"
        "@include common-session\n"
        "session optional pam_solo.so debug\n";
    expect_equal(enabled(wrong), "account required pam_nologin.so\n"
                                 "account    requisite    pam_solo.so break_glass=operators timeout=3\n"
                                 "@include common-account\n"
                                 "session required pam_loginuid.so\n"
                                 "session    requisite    pam_solo.so debug\n"
                                 "@include common-session\n");
}

void what_is_not_clear_is_refused(void** /*state*/) {
    const std::pair<std::string, std::string> cases[] = {
        {"auth required pam_unix.so\nsession required pam_loginuid.so\n", "no account lines"},
        {"account required pam_unix.so\n", "neither pam_loginuid nor an include"},
        {"account required pam_unix.so\nsession required pam_limits.so\n",
         "neither pam_loginuid nor an include"},
        {"@include common-account\n@include common-session\nsession required pam_loginuid.so\n",
         "comes after what common-session brings"},
        {"@include common-account\nsession sufficient pam_x.so\nsession required pam_loginuid.so\n",
         "comes after pam_x.so"},
        {"account required pam_x.so\nsession [success=2 default=ignore] pam_loginuid.so\n@include "
         "common-session\n",
         "/etc/pam.d/x:2 jumps over the place"},
        {"@include common-nowhere\n", "includes common-nowhere, which cannot be read"},
        {"acount required pam_x.so\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"account requird pam_x.so\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"account required\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"account [success=ok pam_x.so\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"account required pam_x.so\r\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"account required pam_x.so \\\n# between\nfoo\n@include common-session\n",
         "/etc/pam.d/x:1 is not understood"},
        {"account required \\ \npam_x.so\n@include common-session\n", "/etc/pam.d/x:1 is not understood"},
        {"@include common-session\naccount required pam_x.so \\", "/etc/pam.d/x:2 is not understood"},
        {changed(both, "account requisite", "account [success=ok default=ignore]"), "a control of its own"},
        {both + "session requisite pam_solo.so debug\n", "session lines that differ"},
        {"account required pam_x.so\n@include wired\n", "includes the module by /etc/pam.d/wired:1"},
    };
    auto included = debian();
    included.emplace("wired", ServiceFile{"/etc/pam.d/wired", "session requisite pam_solo.so\n"});
    for (const auto& [text, reason] : cases)
        expect_within(enabled(text, included), reason);
}

void a_file_that_includes_itself_is_refused(void** /*state*/) {
    auto included = debian();
    included.emplace("loop", ServiceFile{"/etc/pam.d/loop", "@include loop\n"});
    expect_within(enabled("@include loop\n", included), "is included by itself");
}

// --- what is wrong with those that are there
// --------------------------------------------------------------------

void each_mistake_is_found(void** /*state*/) {
    const auto without = [](const std::string& line) { return changed(both, line, ""); };
    expect_kinds(both, {});
    expect_kinds("@include common-account\n", {});
    expect_kinds(without("session requisite pam_solo.so\n"), {Kind::missing});
    expect_kinds(without("account requisite pam_solo.so\n"), {Kind::missing});
    expect_kinds(changed(both, "session requisite", "session required"), {Kind::wrong_control});
    expect_kinds(both + "account requisite pam_solo.so\n", {Kind::doubled});
    expect_kinds(without("account requisite pam_solo.so\n") + "account requisite pam_solo.so\n",
                 {Kind::too_late});
    expect_kinds(without("session requisite pam_solo.so\n") + "session requisite pam_solo.so\n",
                 {Kind::too_late});
    expect_kinds("session requisite pam_solo.so\n" + without("session requisite pam_solo.so\n"),
                 {Kind::too_early});
    expect_kinds(both + "nonsense\n", {Kind::not_understood});
}

void the_long_form_of_requisite_is_requisite(void** /*state*/) {
    const std::string same = "[success=ok  default=die new_authtok_reqd=ok ignore=ignore]";
    expect_kinds(changed(both, "session requisite", "session " + same), {});
    expect_kinds(changed(both, "session requisite", "session [success=ok default=die]"),
                 {Kind::wrong_control});
}

void a_mistake_says_where_and_why(void** /*state*/) {
    const auto wrong = misplacements(
        file(changed(both, "session requisite pam_solo.so\n", "") + "session requisite pam_solo.so\n"),
        debian());
    expect_equal(wrong.at(0).place, "/etc/pam.d/x:6");
    expect_within(wrong.at(0).text, "stands after what common-session brings (/etc/pam.d/common-session:1)");
    expect_within(wrong.at(0).text, "logind would keep a session");
}

// As on Debian, where su-l includes su.
void a_line_of_its_own_and_an_included_one_are_two(void** /*state*/) {
    const std::string su_l = "account requisite pam_solo.so\n"
                             "account include su\n"
                             "session requisite pam_solo.so\n"
                             "session CONTROL su\n";
    auto included = debian();
    const std::string su = "account required pam_access.so\n"
                           "account requisite pam_solo.so\n"
                           "session requisite pam_solo.so\n";
    included.insert_or_assign("su", ServiceFile{"/etc/pam.d/su", su});
    for (const auto* const control : {"include", "substack"}) {
        const auto text = changed(su_l, "CONTROL", control);
        const auto wrong = misplacements(file(text), included);
        expect_equal(wrong.size(), 2U);
        expect_equal(wrong.at(0).kind == Kind::doubled && wrong.at(1).kind == Kind::doubled, true);
        expect_equal(wrong.at(0).place, "/etc/pam.d/su:2");
        expect_equal(wrong.at(1).place, "/etc/pam.d/su:3");
        expect_within(wrong.at(1).text, "/etc/pam.d/x has a session line and includes this one");
        expect_within(enabled(text, included),
                      "refused: /etc/pam.d/x includes the module by /etc/pam.d/su:2");
        expect_equal(disabled(text, included),
                     "account include su\nsession " + std::string{control} + " su\n");
        expect_equal(misplacements(file(text), debian()).size(), 0U);
    }
}

void pam_systemd_in_the_file_itself_comes_after_the_line(void** /*state*/) {
    const std::string text = "account requisite pam_solo.so\n"
                             "session optional pam_systemd.so\n"
                             "session requisite pam_solo.so\n";
    expect_kinds(text, {Kind::too_late});
}

// --- taking them out
// --------------------------------------------------------------------------------------------

void comments_about_it_and_other_modules_stay(void** /*state*/) {
    const std::string text = "# session requisite pam_solo.so\n"
                             "session requisite pam_solo_other.so\n"
                             "auth include pam_solo.so\n";
    expect_equal(disabled(text), text);
}

void faulty_lines_of_ours_go_too(void** /*state*/) {
    expect_equal(
        disabled("sesion requisite pam_solo.so\nsession optional \\\n  pam_solo.so \\\n  debug\nnonsense\n"),
        "nonsense\n");
}

void a_line_that_is_jumped_over_stays(void** /*state*/) {
    const std::string jump = "account [success=1 default=ignore] pam_succeed_if.so user ingroup staff\n";
    expect_within(disabled(changed(both, "account requisite", jump + "account requisite")),
                  "/etc/pam.d/x:2 jumps over /etc/pam.d/x:3");
    // Through what is included, too: one step of common-account is left out and then ours.
    expect_within(
        disabled("account [success=4 default=ignore] pam_succeed_if.so quiet\n@include common-account\n"
                 "account requisite pam_solo.so\n"),
        "/etc/pam.d/x:1 jumps over /etc/pam.d/x:3");
    // A jump onto it, or over a substack as a whole, does not count.
    const std::string onto = "account [success=1 default=ignore] pam_x.so\naccount substack common-account\n";
    expect_equal(disabled(onto + "account requisite pam_solo.so\n"), onto);
}

// --- the change as text
// -----------------------------------------------------------------------------------------

void a_diff_is_as_that_of_diffutils(void** /*state*/) {
    std::string before;
    for (int i = 1; i <= 20; ++i)
        before += std::to_string(i) + '\n';
    auto after = changed(before, "\n3\n", "\n3\nnew\n");
    after = changed(after, "\n16\n", "\n");
    expect_equal(unified_diff("f", before, after), "--- f\n+++ f\n"
                                                   "@@ -1,6 +1,7 @@\n 1\n 2\n 3\n+new\n 4\n 5\n 6\n"
                                                   "@@ -13,7 +14,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n 19\n");
    const auto parts = [](int gap) { // so many equal lines between two changes
        const auto between = std::string(static_cast<std::size_t>(gap), '=');
        std::string lines;
        for (const char c : between)
            lines.append(1, c).append(1, '\n');
        const auto diff = unified_diff("f", lines, "a\n" + lines + "b\n");
        return std::ranges::count(diff, '@') / 4;
    };
    expect_equal(parts(6), 1); // as diffutils do
    expect_equal(parts(7), 2);
    expect_equal(unified_diff("f", "", "a\n"), "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
    expect_equal(unified_diff("f", "a\nb", "a\nc\n"),
                 "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n");
    expect_equal(unified_diff("f", "same", "same"), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(the_lines_go_where_they_belong_in_the_files_of_distributions),
        SOLO_TEST(what_is_right_is_left_alone),
        SOLO_TEST(taking_them_out_gives_back_every_byte),
        SOLO_TEST(no_account_line_is_put_where_account_is_asked_again_but_one_stays),
        SOLO_TEST(a_last_line_without_an_end_stays_one),
        SOLO_TEST(wrong_lines_are_put_right_and_keep_their_arguments),
        SOLO_TEST(what_is_not_clear_is_refused),
        SOLO_TEST(a_file_that_includes_itself_is_refused),
        SOLO_TEST(each_mistake_is_found),
        SOLO_TEST(the_long_form_of_requisite_is_requisite),
        SOLO_TEST(a_mistake_says_where_and_why),
        SOLO_TEST(a_line_of_its_own_and_an_included_one_are_two),
        SOLO_TEST(pam_systemd_in_the_file_itself_comes_after_the_line),
        SOLO_TEST(comments_about_it_and_other_modules_stay),
        SOLO_TEST(faulty_lines_of_ours_go_too),
        SOLO_TEST(a_line_that_is_jumped_over_stays),
        SOLO_TEST(a_diff_is_as_that_of_diffutils),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
