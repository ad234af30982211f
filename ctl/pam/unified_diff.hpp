// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace solo::ctl {

/// What diff -u prints for two texts, both called `name`; empty where they are equal.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

} // namespace solo::ctl
