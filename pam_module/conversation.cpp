// SPDX-License-Identifier: MIT
#include "pam_module/conversation.hpp"

#include "pam_module/phase.hpp"

#include <cstdlib>
#include <string_view>

#include <security/pam_ext.h>
#include <strings.h>

namespace solo::pam {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_yes(std::string_view answer) {
    const std::string word{trimmed(answer)};
    return ::strcasecmp(word.c_str(), "y") == 0 || ::strcasecmp(word.c_str(), "yes") == 0;
}

} // namespace

void tell(const Phase& phase, const std::string& text) {
    if (!phase.silent)
        (void)pam_info(phase.pamh, "%s", text.c_str());
}

void tell_error(const Phase& phase, const std::string& text) {
    if (!phase.silent)
        (void)pam_error(phase.pamh, "%s", text.c_str());
}

Answer ask(const Phase& phase, const std::string& question) {
    if (phase.silent)
        return Answer::nobody;
    char* answer = nullptr;
    const int result = pam_prompt(phase.pamh, PAM_PROMPT_ECHO_ON, &answer, "%s", question.c_str());
    const bool is_answered = result == PAM_SUCCESS && answer != nullptr;
    const bool agreed = is_answered && is_yes(answer);
    std::free(answer);
    if (agreed)
        return Answer::yes;
    return is_answered ? Answer::no : Answer::nobody;
}

} // namespace solo::pam
