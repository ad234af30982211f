// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace solo {

/// One line for a terminal.
struct Notice {
    std::string text;          ///< empty: none
    bool ignores_mesg = false; ///< written also where the terminal takes no messages (mesg(1))
};

/// Writes to a terminal (its device number). Never waits: a terminal that is stopped or hung goes without.
/// Writes only where the terminal belongs to `owner`. False where it was not written.
bool write_notice(int terminal, std::optional<std::uint32_t> owner, const Notice& notice);

} // namespace solo
