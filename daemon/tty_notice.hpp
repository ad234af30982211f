// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace solo {

/// Writes one line to a terminal (its device number). Never waits: a terminal that is stopped or hung goes
/// without. Writes only where the terminal belongs to `owner` and takes messages (mesg(1)). False where it
/// was not written.
bool write_notice(int terminal, std::optional<std::uint32_t> owner, const std::string& text);

} // namespace solo
