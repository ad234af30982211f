// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace solo {

/// The device that proc(5) means by a terminal's number (tty_nr).
dev_t terminal_device(int terminal);

/// Where it is found; empty where it is not.
std::string terminal_path(int terminal);

/// When there was input on it last, as w(1) has it: microseconds since the Unix epoch. Nothing where there is
/// no such terminal.
std::optional<std::int64_t> last_input(int terminal);

} // namespace solo
