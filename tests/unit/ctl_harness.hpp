// SPDX-License-Identifier: MIT
// Runs the built soloctl against a server that answers what a test tells it to.
#pragma once

#include "protocol/json.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/support/cmocka.hpp"

#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace solo::testing {

/// Bytes that the server sends for one call; it then waits for the next.
struct Answer {
    std::string bytes;
    bool closes = false; ///< the server closes the connection after them
};

/// A reply with these parameters (JSON), its NUL included.
Answer replies(const std::string& parameters);

/// Several replies to one call, all but the last of which continue.
Answer replies_more(const std::vector<std::string>& parameters);

/// An error reply.
Answer fails(const std::string& error, const std::string& parameters = "{}");

/// What the server sends as it is.
inline Answer sends(std::string bytes) {
    return {.bytes = std::move(bytes)};
}
inline Answer sends_and_closes(std::string bytes) {
    return {.bytes = std::move(bytes), .closes = true};
}

/// What a program did.
struct Outcome {
    int status = -1; ///< its exit status, 128 + N where signal N ended it
    std::string out;
    std::string err;
};

/// What standard output is.
enum class Sink { pipe, closed_pipe, full_disk, terminal };

struct Invocation {
    std::vector<std::string> arguments;
    std::vector<std::string> environment = {"LC_ALL=C.UTF-8", "TZ=UTC"};
    Sink sink = Sink::pipe;
    unsigned short terminal_width = 80;
    std::string program; ///< soloctl as it was built, where empty
};

Outcome run(const Invocation& invocation);

/// Runs soloctl as a user of a namespace of its own who is nobody there, and may do what this process may.
/// Skips the test where the host has no such namespaces.
Outcome run_as_nobody(std::vector<std::string> arguments);

/// A directory of its own with a server on `solo.sock` in it. Kept by a fixture.
class Harness {
public:
    Harness();
    ~Harness();
    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;

    /// Starts the server; call it once, before soloctl(). Each message that comes gets the next answer.
    void serve(std::vector<Answer> answers);

    /// Runs `soloctl --socket SOCKET ARGUMENTS`.
    Outcome soloctl(std::vector<std::string> arguments) const;
    Outcome soloctl(Invocation invocation) const;

    /// The calls that came, as they came.
    std::vector<std::string> calls();

    [[nodiscard]] const std::string& directory() const { return directory_; }
    [[nodiscard]] std::string socket() const { return directory_ + "/solo.sock"; }

private:
    void serve_connection(int fd);

    std::string directory_;
    protocol::UniqueFd listener_;
    std::mutex mutex_;
    std::vector<Answer> answers_;
    std::vector<std::string> calls_;
    std::jthread thread_;
};

int set_up_harness(void** state);
int tear_down_harness(void** state);

inline Harness& harness(void** state) {
    return *static_cast<Harness*>(*state);
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// The JSON that a text is; throws where it is none.
protocol::Json json_of(const std::string& text);

/// Fails with both texts where `text` does not contain `part`.
void assert_contains(const std::string& text, const std::string& part);

} // namespace solo::testing

#define WITH_HARNESS(body)                                                                                   \
    SOLO_TEST_WITH(body, ::solo::testing::set_up_harness, ::solo::testing::tear_down_harness)
