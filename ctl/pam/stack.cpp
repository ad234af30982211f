// SPDX-License-Identifier: MIT
#include "ctl/pam/stack.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

constexpr int most_levels = 16; // libpam's own limit: PAM_SUBSTACK_MAX_LEVEL

/// The actions of "[success=1 default=ignore]": what stands behind each "=".
std::vector<std::string_view> actions_of(std::string_view control) {
    std::vector<std::string_view> actions;
    for (auto equals = control.find('='); equals != std::string_view::npos; equals = control.find('=')) {
        control.remove_prefix(equals + 1);
        const auto begin = std::min(control.find_first_not_of(" \t"), control.size());
        control.remove_prefix(begin);
        actions.push_back(control.substr(0, control.find_first_of(" \t]")));
    }
    return actions;
}

/// Gathers the steps of one phase.
class Walk {
public:
    Walk(PamType type, const Included& included) : type_{type}, included_{included} {}

    /// The file's steps are added to `steps`. `outer` is what brought the file in, null for the service's.
    tl::expected<void, std::string> add(const ServiceFile& file, const Step* outer, std::vector<Step>& steps,
                                        int level) const {
        if (level > most_levels)
            return tl::unexpected{fmt::format("{} is included by itself", file.path())};
        for (std::size_t i = 0; i < file.lines().size(); ++i) {
            const auto& line = file.lines()[i];
            if (line.kind == PamLine::Kind::faulty)
                return tl::unexpected{fmt::format("{} is not understood", file.place(line))};
            Step step{.own = outer != nullptr ? outer->own : i,
                      .is_own = outer == nullptr,
                      .line = line,
                      .place = file.place(line),
                      .through = outer != nullptr ? outer->line.module : "",
                      .inner = {}};
            if (auto added = add_line(std::move(step), steps, level); !added)
                return added;
        }
        return {};
    }

private:
    tl::expected<void, std::string> add_line(Step step, std::vector<Step>& steps, int level) const {
        const bool is_of_type = step.line.kind == PamLine::Kind::at_include || step.line.type == type_;
        if (!is_of_type)
            return {};
        if (step.line.kind == PamLine::Kind::rule && !step.line.includes()) {
            steps.push_back(std::move(step));
            return {};
        }
        const auto file = included_.find(step.line.module);
        if (file == included_.end())
            return tl::unexpected{
                fmt::format("{} includes {}, which cannot be read", step.place, step.line.module)};
        if (step.line.control != "substack")
            return add(file->second, &step, steps, level + 1);
        auto added = add(file->second, &step, step.inner, level + 1);
        step.through = step.line.module;
        step.is_own = false;
        steps.push_back(std::move(step));
        return added;
    }

    PamType type_;
    const Included& included_;
};

} // namespace

bool Step::runs(std::string_view module) const {
    return line.names(module) ||
           std::ranges::any_of(inner, [&](const Step& step) { return step.runs(module); });
}

bool Step::may_end() const {
    if (line.control == "sufficient")
        return true;
    const auto actions =
        line.control.starts_with('[') ? actions_of(line.control) : std::vector<std::string_view>{};
    return std::ranges::find(actions, "done") != actions.end();
}

std::size_t Step::longest_jump() const {
    std::size_t longest = 0;
    if (!line.control.starts_with('['))
        return longest;
    for (const auto action : actions_of(line.control)) {
        std::size_t jump = 0;
        if (std::from_chars(action.data(), action.data() + action.size(), jump).ec == std::errc{})
            longest = std::max(longest, jump);
    }
    return longest;
}

tl::expected<std::vector<Step>, std::string> stack_of(const ServiceFile& service, PamType type,
                                                      const Included& included) {
    std::vector<Step> steps;
    if (auto added = Walk{type, included}.add(service, nullptr, steps, 0); !added)
        return tl::unexpected{added.error()};
    return steps;
}

} // namespace solo::ctl
