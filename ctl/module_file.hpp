// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace solo::ctl {

/// Why login programs of this host could not load the PAM module, or should not; nothing where they can. It
/// is loaded for that, after its owner and its machine have been found right.
std::optional<std::string> module_fault(const std::filesystem::path& module);

} // namespace solo::ctl
