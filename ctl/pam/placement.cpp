// SPDX-License-Identifier: MIT
#include "ctl/pam/placement.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

using Kind = Misplacement::Kind;
using Steps = std::vector<Step>;

constexpr std::array phases{PamType::account, PamType::session};
constexpr std::string_view by_hand = "Put the two lines in by hand: pam_solo(8) says where";

/// "pam_unix.so", "what common-account brings".
std::string shown(const Step& step) {
    return step.is_own ? step.line.module : "what " + step.through + " brings";
}

/// What every service includes: Debian's, and those of Fedora and Arch.
bool is_common(const Step& step) {
    static constexpr std::array<std::string_view, 6> others{"system-auth",        "password-auth",
                                                            "postlogin",          "system-login",
                                                            "system-local-login", "system-remote-login"};
    const std::string_view name = std::string_view{step.through}.substr(step.through.rfind('/') + 1);
    return name.starts_with("common-") || std::ranges::find(others, name) != others.end();
}

bool is_requisite(const std::string& control) {
    if (control == "requisite")
        return true;
    // pam.conf(5) says that this is the same.
    static const std::set<std::string> same{"success=ok", "new_authtok_reqd=ok", "ignore=ignore",
                                            "default=die"};
    if (!control.starts_with('['))
        return false;
    std::set<std::string> actions;
    std::string_view rest{control};
    rest = rest.substr(1, rest.size() - 2);
    while (!rest.empty()) {
        const auto end = std::min(rest.find_first_of(" \t"), rest.size());
        if (end > 0)
            actions.emplace(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return actions == same;
}

/// Index of the first step that fits, or how many there are.
template<class Fits>
std::size_t first_where(const Steps& steps, Fits fits) {
    return static_cast<std::size_t>(std::ranges::find_if(steps, fits) - steps.begin());
}

bool is_loginuid(const Step& step) {
    return step.runs("pam_loginuid.so");
}

/// Whether our line must stand before this step: it may end the phase, or (session) is pam_systemd.
bool must_follow(const Step& step, PamType type) {
    return step.may_end() || is_common(step) || (type == PamType::session && step.runs("pam_systemd.so"));
}

std::string why_follows(const Step& step, PamType type) {
    if (type == PamType::session && (step.runs("pam_systemd.so") || is_common(step)))
        return "so logind would keep a session for a refused login";
    return "which may end the account phase first, so nobody would be refused there";
}

/// What is wrong with the place of the `at`-th step, which is ours.
std::optional<Misplacement> misplaced(const Steps& steps, std::size_t at, PamType type) {
    const auto& place = steps[at].place;
    for (std::size_t i = 0; i < at; ++i) {
        if (must_follow(steps[i], type) && !steps[i].line.names(solo_module))
            return Misplacement{Kind::too_late, type, place,
                                fmt::format("the {} line stands after {} ({}), {}", name_of(type),
                                            shown(steps[i]), steps[i].place, why_follows(steps[i], type))};
    }
    const auto loginuid = first_where(steps, is_loginuid);
    if (type == PamType::session && loginuid < steps.size() && loginuid > at)
        return Misplacement{Kind::too_early, type, place,
                            fmt::format("the session line stands before pam_loginuid ({}), so solod would "
                                        "not know the login's audit session",
                                        steps[loginuid].place)};
    return std::nullopt;
}

/// The place of the first included line that is ours; nothing where there is none.
std::optional<std::string> included_place(const Steps& steps) {
    for (const auto& step : steps) {
        if (!step.is_own && step.line.names(solo_module))
            return step.place;
        if (auto place = included_place(step.inner))
            return place;
    }
    return std::nullopt;
}

void check_phase(const ServiceFile& service, const Steps& steps, PamType type,
                 std::vector<Misplacement>& found) {
    const auto is_ours = [](const Step& step) { return step.is_own && step.line.names(solo_module); };
    const auto count = std::ranges::count_if(steps, is_ours);
    const auto at = first_where(steps, is_ours);
    if (count == 0 && type == PamType::account && asks_account_again(service))
        return;
    if (count == 0) {
        found.push_back(
            {Kind::missing, type, service.path(),
             fmt::format("the {} line is missing: {}", name_of(type),
                         type == PamType::session ? "nothing is decided, and no session is on record"
                                                  : "nobody is told why a login is refused")});
        return;
    }
    if (count > 1)
        found.push_back({Kind::doubled, type, service.path(),
                         fmt::format("there are {} {} lines", count, name_of(type))});
    if (auto place = included_place(steps)) {
        found.push_back({Kind::doubled, type, *std::move(place),
                         fmt::format("{} has {} {} line and includes this one, so it asks solod twice",
                                     service.path(), type == PamType::account ? "an" : "a", name_of(type))});
    }
    if (!is_requisite(steps[at].line.control))
        found.push_back(
            {Kind::wrong_control, type, steps[at].place,
             fmt::format("the {} line is {} and not requisite", name_of(type), steps[at].line.control)});
    if (auto mistake = misplaced(steps, at, type))
        found.push_back(*std::move(mistake));
}

/// A step before the `at`-th whose jump goes over it, and so over a line that is put before it; null where
/// there is none. Landing on it is no jump over it.
const Step* jump_over(const Steps& steps, std::size_t at) {
    for (std::size_t i = 0; i < at && i < steps.size(); ++i) {
        const auto jump = steps[i].longest_jump(); // it lands on i + jump + 1
        if (jump > 0 && i + jump >= at)
            return &steps[i];
    }
    return nullptr;
}

/// Index of the text's line with which the `step`-th begins.
std::size_t begin_of(const ServiceFile& service, const Steps& steps, std::size_t step) {
    return service.lines()[steps[step].own].first;
}

/// Whether a line can be put before this step: it is its own line's first.
bool begins_line(const Steps& steps, std::size_t step) {
    return step == 0 || steps[step - 1].own != steps[step].own;
}

/// Index of the text's line before which the account line goes: the lowest place that is above everything
/// that it must precede and that no jump passes.
tl::expected<std::size_t, std::string> account_place(const ServiceFile& service, const Steps& steps) {
    if (steps.empty())
        return tl::unexpected{fmt::format("{} has no account lines. {}", service.path(), by_hand)};
    // Above everything that is included, too: what that holds is not this file's to know.
    auto at = first_where(steps, [](const Step& step) { return step.may_end() || !step.is_own; });
    if (at == steps.size())
        at = 0;
    while (jump_over(steps, at) != nullptr || !begins_line(steps, at))
        --at; // ends at 0: nothing jumps over the beginning
    return begin_of(service, steps, at);
}

/// The same for the session line: the highest place below pam_loginuid that no jump passes; where there is no
/// pam_loginuid, right above what is included.
tl::expected<std::size_t, std::string> session_place(const ServiceFile& service, const Steps& steps) {
    const auto last = first_where(
        steps, [](const Step& step) { return must_follow(step, PamType::session) || !step.is_own; });
    const auto loginuid = first_where(steps, is_loginuid);
    if (loginuid == steps.size() && last == steps.size()) {
        return tl::unexpected{fmt::format("{} has neither pam_loginuid nor an include in its session lines, "
                                          "so the place is not clear. {}",
                                          service.path(), by_hand)};
    }
    if (loginuid < steps.size() && loginuid >= last) {
        return tl::unexpected{fmt::format("in {} pam_loginuid ({}) comes after {}, so there is no place "
                                          "between them. {}",
                                          service.path(), steps[loginuid].place, shown(steps[last]),
                                          by_hand)};
    }
    auto at = loginuid < steps.size() ? loginuid + 1 : last;
    const Step* jump = jump_over(steps, at);
    while (jump != nullptr && at < last)
        jump = jump_over(steps, ++at);
    if (jump != nullptr) {
        return tl::unexpected{
            fmt::format("{} jumps over the place for the session line. {}", jump->place, by_hand)};
    }
    if (loginuid == steps.size())
        return begin_of(service, steps, at);
    const auto& above = service.lines()[steps[at - 1].own];
    return above.first + above.count;
}

struct Insertion {
    std::size_t text_line = 0;
    std::string line;
};

/// The text with each line put before its text_line, later ones first.
std::string inserted(const ServiceFile& service, std::vector<Insertion> insertions) {
    auto lines = service.text_lines();
    std::ranges::stable_sort(insertions, std::ranges::greater{}, &Insertion::text_line);
    for (const auto& [at, line] : insertions) {
        // Behind a last line without an end, ours is the one without.
        if (at == lines.size() && at > 0 && !lines.back().ends_with('\n')) {
            lines.back() += '\n';
            lines.push_back(line);
        } else {
            lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), line + '\n');
        }
    }
    std::string text;
    for (const auto& line : lines)
        text += line;
    return text;
}

/// The arguments that the phase's line has; an error where its lines differ, or where its control is
/// somebody's own.
tl::expected<std::string, std::string> arguments_of(const ServiceFile& service, PamType type) {
    std::optional<std::string> arguments;
    for (const auto& line : solo_lines(service)) {
        if (line.type != type)
            continue;
        if (arguments && *arguments != line.arguments)
            return tl::unexpected{fmt::format("{} has {} lines that differ. Take out all but one",
                                              service.path(), name_of(type))};
        if (line.control.starts_with('[') && !is_requisite(line.control))
            return tl::unexpected{
                fmt::format("{} has a control of its own, {}. Make it requisite, or take the "
                            "line out",
                            service.place(line), line.control)};
        arguments = line.arguments;
    }
    return arguments.value_or("");
}

std::string solo_line(PamType type, const std::string& arguments) {
    return fmt::format("{:<10} requisite    {}{}{}", name_of(type), solo_module, arguments.empty() ? "" : " ",
                       arguments);
}

/// The phases whose line belongs into the file. An account line that somebody put where account is asked
/// again stays: it is wanted there by those who do not lock the screen that way.
std::vector<PamType> phases_for(const ServiceFile& service) {
    const auto ours = solo_lines(service);
    const bool has_account = std::ranges::find(ours, PamType::account, &PamLine::type) != ours.end();
    if (asks_account_again(service) && !has_account)
        return {PamType::session};
    return {phases.begin(), phases.end()};
}

/// The file, which has no line of ours, with that of each phase.
tl::expected<std::string, std::string> with_lines(const ServiceFile& bare, const Included& included,
                                                  const std::vector<PamType>& wanted,
                                                  const std::vector<std::string>& arguments) {
    std::vector<Insertion> insertions;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto steps = stack_of(bare, wanted[i], included);
        if (!steps)
            return tl::unexpected{fmt::format("{}. {}", steps.error(), by_hand)};
        const auto place =
            wanted[i] == PamType::account ? account_place(bare, *steps) : session_place(bare, *steps);
        if (!place)
            return tl::unexpected{place.error()};
        insertions.push_back({*place, solo_line(wanted[i], arguments[i])});
    }
    return inserted(bare, std::move(insertions));
}

} // namespace

bool is_shared(std::string_view name) {
    static constexpr std::array<std::string_view, 10> names{
        "other",        "system-auth",        "password-auth",       "postlogin",       "fingerprint-auth",
        "system-login", "system-local-login", "system-remote-login", "system-services", "smartcard-auth"};
    return name.starts_with("common-") || std::ranges::find(names, name) != names.end();
}

bool asks_account_again(const ServiceFile& service) {
    static constexpr std::array<std::string_view, 4> names{"gdm-password", "gdm-fingerprint", "gdm-smartcard",
                                                           "lightdm"};
    const std::string_view path{service.path()};
    return std::ranges::find(names, path.substr(path.rfind('/') + 1)) != names.end();
}

std::vector<PamLine> solo_lines(const ServiceFile& service) {
    std::vector<PamLine> ours;
    std::ranges::copy_if(service.lines(), std::back_inserter(ours),
                         [](const PamLine& line) { return line.names(solo_module); });
    return ours;
}

std::optional<std::string> included_solo(const ServiceFile& service, const Included& included) {
    for (const auto type : phases) {
        if (auto place = included_place(stack_of(service, type, included).value_or(Steps{})))
            return place;
    }
    return std::nullopt;
}

std::vector<Misplacement> misplacements(const ServiceFile& service, const Included& included) {
    std::vector<Misplacement> found;
    if (solo_lines(service).empty())
        return found;
    for (const auto type : phases) {
        const auto steps = stack_of(service, type, included);
        if (!steps)
            return {{Kind::not_understood, type, service.path(), steps.error()}};
        check_phase(service, *steps, type, found);
    }
    return found;
}

tl::expected<std::string, std::string> with_solo(const ServiceFile& service, const Included& included) {
    const auto ours = solo_lines(service);
    if (!ours.empty() && misplacements(service, included).empty())
        return service.text();
    if (const auto place = included_solo(service, included))
        return tl::unexpected{
            fmt::format("{} includes the module by {}. Take it out there first", service.path(), *place)};
    const auto wanted = phases_for(service);
    std::vector<std::string> arguments;
    for (const auto type : wanted) {
        auto found = arguments_of(service, type);
        if (!found)
            return found;
        arguments.push_back(*std::move(found));
    }
    const auto bare = without_solo(service, included);
    if (!bare)
        return bare;
    auto text = with_lines(ServiceFile{service.path(), *bare}, included, wanted, arguments);
    if (!text)
        return text;
    // Nothing is written that this program itself would call wrong.
    const auto wrong = misplacements(ServiceFile{service.path(), *text}, included);
    if (!wrong.empty())
        return tl::unexpected{
            fmt::format("{} has no right place: {}. {}", service.path(), wrong.front().text, by_hand)};
    return text;
}

tl::expected<std::string, std::string> without_solo(const ServiceFile& service, const Included& included) {
    for (const auto type : phases) {
        const auto steps = stack_of(service, type, included);
        for (std::size_t i = 0; steps && i < steps->size(); ++i) {
            const auto* const jump = jump_over(*steps, i);
            if ((*steps)[i].is_own && (*steps)[i].line.names(solo_module) && jump != nullptr)
                return tl::unexpected{
                    fmt::format("{} jumps over {}: it would jump over another line if that was "
                                "taken out. Change both by hand",
                                jump->place, (*steps)[i].place)};
        }
    }
    auto lines = service.text_lines();
    auto ours = solo_lines(service);
    std::ranges::reverse(ours);
    for (const auto& line : ours) {
        const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(line.first);
        const bool was_last = line.first + line.count == lines.size() && !lines.back().ends_with('\n');
        lines.erase(begin, begin + static_cast<std::ptrdiff_t>(line.count));
        if (was_last && !lines.empty())
            lines.back().pop_back(); // the end that it got when ours was put behind it
    }
    std::string text;
    for (const auto& line : lines)
        text += line;
    return text;
}

} // namespace solo::ctl
