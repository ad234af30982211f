// SPDX-License-Identifier: MIT
// What a login program has and a module must leave as it was.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace solo::testing {

struct HostState {
    std::map<int, std::string> descriptors; ///< what they are and their flags
    std::string signals;                    ///< the mask and all dispositions
    std::string file_mask;
    std::string threads;
    std::string directory;
    std::vector<std::string> environment;
    std::size_t children = 0;

    bool operator==(const HostState&) const = default;
};

/// The fake daemon's ends of its connections, which belong to the same process, are left out.
HostState host_state(const std::string& daemon_socket);

/// This process's connections to the daemon.
std::set<int> lines(const std::string& daemon_socket);

/// The lines of /proc/self/maps that contain the text.
std::size_t maps(const std::string& text);

} // namespace solo::testing
