// SPDX-License-Identifier: MIT
// A daemon that speaks varlink and says what a test wants it to say. It runs in a thread of the test program.
#pragma once

#include "protocol/envelope.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/unique_fd.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace solo::testing {

/// A call as it came in. Connections count from 0.
struct Received {
    protocol::ReceivedCall call;
    int connection = 0;
};

/// What the fake daemon does about a call.
struct Answer {
    std::string bytes;     ///< sent as they are
    bool hangs_up = false; ///< closes the connection then
    bool deafens = false;  ///< first shuts its receiving side: what the client sends after that fails
    bool trickles = false; ///< then sends one more byte every millisecond, for ever
};

Answer silence();
Answer hang_up();
Answer raw(std::string bytes);

template<class M>
Answer reply(const M& message) {
    return raw(protocol::to_frame(protocol::make_reply(message)));
}

template<class M>
Answer error(const M& message) {
    return raw(protocol::to_frame(protocol::make_error(message)));
}

class FakeDaemon {
public:
    using Script = std::function<Answer(const Received&)>;

    /// Listens on the path. Until a script says something else it grants everything: Check and Open with
    /// granted_id, Close.
    explicit FakeDaemon(std::string path);
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    /// From now on calls of this method are answered by the script, in the daemon's thread.
    template<class Method>
    void on(Script script) {
        const std::lock_guard lock{mutex_};
        scripts_[std::string{Method::method}] = std::move(script);
    }

    /// The calls so far; waits until there are at least so many, and fails the test after some seconds.
    std::vector<Received> await_calls(std::size_t count);

    /// Waits until the client has closed the connection.
    void await_closed(int connection);

    /// Whether the client still has the connection open, as far as the daemon has heard.
    bool is_open(int connection);

    /// Closes all connections, as a daemon that dies does, and waits until that is done.
    void drop_connections();

    static constexpr const char* granted_id = "01900000-0000-7000-8000-000000000001";

private:
    struct Connection {
        protocol::UniqueFd fd;
        protocol::FrameReader reader{protocol::max_login_message};
        bool trickles = false;
    };

    void run();
    void accept_one();
    void serve(int number, Connection& connection);
    void answer(int number, Connection& connection, std::string_view message);
    void wake() const;

    std::string path_;
    protocol::UniqueFd listener_;
    protocol::UniqueFd waker_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, Script> scripts_;
    std::vector<Received> calls_;
    std::map<int, Connection> connections_; ///< those that are open
    int next_connection_ = 0;
    bool stops_ = false;
    bool drops_ = false;
    std::thread thread_;
};

} // namespace solo::testing
