// SPDX-License-Identifier: MIT
// A user who does to sessions.sock what a user can, as fast as one process can.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace solo::testing {

/// What the user does all the time.
enum class FloodKind : std::uint8_t {
    calls,    ///< sends calls on all connections that it may have and takes the replies
    messages, ///< the same with calls as large as they may be
    lists,    ///< asks on all of them for all sessions it ever had
    connects, ///< connects, and hangs up
    drips,    ///< has a thousand connections and sends a byte here and a byte there, never a whole message
    deaf,     ///< has a thousand connections and asks on all of them, for Watch first, and takes nothing
};

/// A process of its own; it stands still until it is told to run.
class Flood {
public:
    Flood(std::string path, uid_t uid, FloodKind kind);
    Flood(const Flood&) = delete;
    Flood& operator=(const Flood&) = delete;
    ~Flood();

    /// Runs until stop(), or for ever.
    void run() const;
    /// Stands still when this returns; its connections stay open.
    void stop() const;

private:
    pid_t pid_;
};

} // namespace solo::testing
