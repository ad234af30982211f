// SPDX-License-Identifier: MIT
// What /proc says of processes. All functions throw std::system_error where /proc cannot be read (no
// descriptor is free, say): not being able to see a process must never pass for its being gone.
#pragma once

#include "daemon/core/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solo {

/// One process as proc(5) shows it.
struct ProcessStatus {
    Process process;
    int parent = 0;   ///< pid
    int terminal = 0; ///< device number of its controlling terminal, 0 where it has none
    bool is_zombie = false;
};

/// Reads the text of /proc/PID/stat; nothing where it is not of that form. The command's name in it may hold
/// any character, also ")".
std::optional<ProcessStatus> parse_stat(std::string_view text);

/// Nothing where there is no such process.
std::optional<ProcessStatus> read_process(int pid);

/// All processes that this daemon can see.
std::vector<ProcessStatus> read_processes();

/// The audit session id of a process; nothing where it has none.
std::optional<std::uint32_t> audit_session_of(int pid);

/// The audit session id that this login has for itself: one that its leader does not share with its parent,
/// as it does where the login was made inside another session (su -l).
std::optional<std::uint32_t> own_audit_session(const Process& leader);

/// Whether a process has a socket of this inode open. False where there is no such process.
bool has_socket_open(int pid, std::uint64_t inode);

/// Names the running boot (random(4), boot_id).
std::string boot_id();

} // namespace solo
