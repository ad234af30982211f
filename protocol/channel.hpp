// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/deadline.hpp"
#include "protocol/envelope.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include <sys/types.h>

namespace solo::protocol {

/// Why a call got no reply.
enum class Fault : std::uint8_t {
    absent,    ///< nobody listens: no socket there, or it refuses
    forbidden, ///< this user may not connect
    timeout,   ///< the deadline has passed
    closed,    ///< the peer closed the connection
    malformed, ///< what came is no reply
    imposter,  ///< the server does not run as the user that it must
    system,    ///< a system call failed for another reason
};

struct Failure {
    Fault fault = Fault::system;
    int error = 0; ///< errno where a system call failed, else 0

    /// For people: "nobody listens (No such file or directory)".
    [[nodiscard]] std::string text() const;
};

/// Whether a client's end of a connection has a name: that of a line (line_name.hpp), or none.
enum class Named : std::uint8_t { no, as_line };

/// A client's end of one connection. Its descriptor is close-on-exec, non-blocking and above 2. It raises no
/// SIGPIPE and returns to its caller by the deadline whatever the peer does.
class Channel {
public:
    /// Connects to a listening Unix stream socket. Where the socket is absent or refuses, tries again until
    /// `retry` has passed; where `server` is set, the process that listens must run as that user. A name is
    /// there where the kernel permits it: the peer knows another way.
    static tl::expected<Channel, Failure> connect(const std::string& path, Deadline deadline, Deadline retry,
                                                  std::optional<uid_t> server = std::nullopt,
                                                  Named named = Named::no);

    /// Takes over a connected descriptor.
    explicit Channel(UniqueFd fd) : fd_{std::move(fd)} {}

    /// Sends the call and, unless it is oneway, waits for its (first) reply.
    tl::expected<ReceivedReply, Failure> call(const Call& call, Deadline deadline);

    /// Waits for the next reply to a call that wanted more.
    tl::expected<ReceivedReply, Failure> next_reply(Deadline deadline);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] UniqueFd release() && { return std::move(fd_); }

private:
    tl::expected<void, Failure> send(const std::string& frame, Deadline deadline) const;

    UniqueFd fd_;
    FrameReader reader_{max_login_message};
};

} // namespace solo::protocol
