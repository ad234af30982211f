// SPDX-License-Identifier: MIT
// What /proc says of processes. All functions throw std::system_error where /proc cannot be read (no
// descriptor is free, say): not being able to see a process must never pass for its being gone.
#pragma once

#include "daemon/core/session.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace solo {

/// One process as proc(5) shows it.
struct ProcessStatus {
    Process process;
    int parent = 0; ///< pid
    /// The POSIX session: pid of the process that began it, used for no other while it lasts.
    int session = 0;
    int terminal = 0;       ///< device number of its controlling terminal, 0 where it has none
    bool is_zombie = false; ///< it has exited; one whose first thread alone has (pthread_exit) has not
};

/// Asked every now and then by what may take long; empty: it does. Where it says no, std::system_error with
/// ECANCELED is thrown.
using GoesOn = std::function<bool()>;
void require(const GoesOn& goes_on);

/// Reads the text of /proc/PID/stat; nothing where it is not of that form. The command's name in it may hold
/// any character, also ")".
std::optional<ProcessStatus> parse_stat(std::string_view text);

/// Nothing where there is no such process.
std::optional<ProcessStatus> read_process(int pid);

/// The pids of all processes that this daemon can see.
std::vector<int> process_ids();

/// All processes that this daemon can see. Each is read as soon as it is listed, and the list goes up to the
/// newest: a process that forks and exits all the time is met in the end.
std::vector<ProcessStatus> read_processes(const GoesOn& goes_on = {});

/// The pids in `table` that descend from one of the roots, the roots included. Of those whose parents have
/// exited the ones are found whose POSIX session one of the others began.
std::set<int> descendants(const std::vector<ProcessStatus>& table, std::set<int> roots);

/// Whom a process runs as.
struct Credentials {
    std::uint32_t uid = 0;           ///< the real one
    std::vector<std::uint32_t> gids; ///< the real one and the supplementary ones
};

/// Reads the text of /proc/PID/status; nothing where it is not of that form.
std::optional<Credentials> parse_credentials(std::string_view text);

/// Nothing where there is no such process.
std::optional<Credentials> read_credentials(int pid);

/// A whole file of /proc; empty where there is none (any more).
std::string read_proc_file(const std::string& path);

/// The audit session id of a process; nothing where it has none.
std::optional<std::uint32_t> audit_session_of(int pid);

/// The audit session id that this login has for itself: one that its leader does not share with its parent,
/// as it does where the login was made inside another session (su -l). A leader whose parent is init may have
/// lost the one that it began with: then it must not share it with anybody, for which all of /proc is read.
/// To be asked while the session is new.
std::optional<std::uint32_t> own_audit_session(const Process& leader);

/// Which of these sockets (inodes) a process has open. None where there is no such process.
std::set<std::uint64_t> open_sockets(int pid, const std::set<std::uint64_t>& wanted,
                                     const GoesOn& goes_on = {});

/// The text of /proc/PID/cgroup; empty where there is no such process.
std::string control_groups_of(int pid);

/// Names the running boot (random(4), boot_id).
std::string boot_id();

} // namespace solo
