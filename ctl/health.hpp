// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/sessions_messages.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace solo::ctl {

/// What is wrong with solod, in its order, each once: parts of it that stumble over the same (a full disk)
/// all say so.
inline std::vector<std::string> problems_of(const protocol::sessions::Status::Reply& status) {
    std::vector<std::string> problems;
    for (const auto& problem : status.problems)
        if (std::ranges::find(problems, problem) == problems.end())
            problems.push_back(problem);
    return problems;
}

} // namespace solo::ctl
