// SPDX-License-Identifier: MIT
// A real solod in directories of its own, and clients that speak varlink to it byte by byte.
#pragma once

#include "protocol/json.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/temp_dir.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace solo::testing {

using protocol::Json;
using protocol::UniqueFd;

/// Who connects, as the kernel attests it.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

/// One end of a conversation. Everything that waits gives up after some seconds, and throws.
class Client {
public:
    explicit Client(UniqueFd fd) : fd_{std::move(fd)} {}

    /// Connects as this user. The process that connects is this one.
    explicit Client(const std::string& path, const Identity& identity = {});

    void send_bytes(std::string_view bytes) const;
    void send(const std::string& method, const Json& parameters = Json::object(),
              const std::string& flag = {}) const;

    /// The next reply; throws where the connection ends.
    Json reply();

    /// Sends a call and waits for its reply.
    Json call(const std::string& method, const Json& parameters = Json::object(),
              const std::string& flag = {});

    /// Waits for the end of the connection; false where something is said instead.
    bool is_dropped();

    /// Whether nothing has been said by now.
    [[nodiscard]] bool is_silent() const;

    void close() { fd_.reset(); }
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    bool receive();

    UniqueFd fd_;
    std::string received_;
};

/// A login program: a process of its own, which is connected to solod and says what it is told to. It ends
/// when it is killed, or when this object goes.
class LoginProgram : public Client {
public:
    enum class OnSigterm : std::uint8_t { end, ignore };

    explicit LoginProgram(const std::string& path, OnSigterm on_sigterm = OnSigterm::end);
    LoginProgram(const LoginProgram&) = delete;
    LoginProgram& operator=(const LoginProgram&) = delete;
    ~LoginProgram();

    [[nodiscard]] int pid() const { return pid_; }

    /// Kills it and waits until it is gone.
    void kill();

    /// Waits until it has been ended by somebody else; the signal that ended it.
    int await_end();

    /// It closes its connection and lives on.
    void close_line();

private:
    pid_t pid_ = -1;
};

class Solod {
public:
    /// Starts it and waits until it is ready. It is killed when this object goes. `files`: how many it may
    /// have open, if that is limited.
    explicit Solod(std::string_view config = {}, std::optional<unsigned> files = {});
    Solod(const Solod&) = delete;
    Solod& operator=(const Solod&) = delete;
    ~Solod();

    [[nodiscard]] std::string login() const { return directory_.path("run/login.sock"); }
    [[nodiscard]] std::string sessions() const { return directory_.path("run/sessions.sock"); }
    [[nodiscard]] std::string database() const { return directory_.path("state/sessions.db"); }
    [[nodiscard]] int pid() const { return pid_; }

    /// What it has said on standard error.
    [[nodiscard]] std::string log() const { return read_bytes(directory_.path("log")); }

    /// How many descriptors it has open.
    [[nodiscard]] std::size_t descriptors();

    /// How much memory it has of its own, in bytes.
    [[nodiscard]] std::size_t memory() const;

    /// The names of the descriptors that it has left with its service manager by now. They are passed to it
    /// when it is started again.
    [[nodiscard]] std::set<std::string> kept();

    /// Has it read another configuration.
    void reload(std::string_view config);

    /// Asks it to stop; its wait status.
    int stop();

    /// Kills it.
    void kill();

    /// Starts it again, on the same directories.
    void start();

    /// Starts another one on the same directories; its exit status.
    int start_another();

private:
    pid_t spawn() const;
    void pass_descriptors() const;
    void await_notification(std::string_view text);
    bool receive_notification(int timeout, std::string& text);

    std::optional<unsigned> files_;
    TempDir directory_;
    UniqueFd notifications_;
    std::map<std::string, UniqueFd> kept_; ///< by name, as systemd has them
    pid_t pid_ = -1;
};

/// Parameters of Open for a login from 10.0.0.5 through sshd, with a nonce that no other has.
Json login_of(const std::string& account, int uid);

/// Logs in: Open and Confirm. The session's id.
std::string log_in(Client& client, const std::string& account, int uid);

/// The error's name without its interface, or "".
std::string error_of(const Json& reply);

} // namespace solo::testing
