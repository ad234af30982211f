// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

namespace solo::pam {

/// 32 hex digits that no other login has. Nothing where the kernel has no randomness yet.
std::optional<std::string> fresh_nonce();

} // namespace solo::pam
