// SPDX-License-Identifier: MIT
#include "tests/unit/ctl_harness.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace solo::testing {

namespace {

using protocol::UniqueFd;

void require(bool holds, const char* what) {
    if (!holds)
        throw std::runtime_error{std::string{what} + ": errno " + std::to_string(errno)};
}

std::string frame(const std::string& text) {
    return text + '\0';
}

/// Where a program writes, and where what it wrote is read; no reading end for a sink that keeps nothing.
struct Output {
    UniqueFd writes;
    UniqueFd reads;
};

Output make_pipe() {
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
    return {UniqueFd{ends[1]}, UniqueFd{ends[0]}};
}

Output make_terminal(unsigned short width) {
    UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    require(::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0, "pty");
    char name[64];
    require(::ptsname_r(master.get(), name, sizeof name) == 0, "ptsname");
    UniqueFd slave{::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)};
    winsize size{};
    size.ws_row = 24;
    size.ws_col = width;
    require(::ioctl(slave.get(), TIOCSWINSZ, &size) == 0, "winsize");
    return {std::move(slave), std::move(master)};
}

Output make_output(const Invocation& invocation) {
    switch (invocation.sink) {
    case Sink::terminal:
        return make_terminal(invocation.terminal_width);
    case Sink::full_disk:
        return {UniqueFd{::open("/dev/full", O_WRONLY | O_CLOEXEC)}, UniqueFd{}};
    case Sink::closed_pipe: {
        auto pipe = make_pipe();
        pipe.reads.reset();
        return pipe;
    }
    default:
        return make_pipe();
    }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

pid_t start(const Invocation& invocation, int out, int err) {
    auto arguments = invocation.arguments;
    arguments.insert(arguments.begin(), invocation.program.empty() ? SOLOCTL : invocation.program);
    auto environment = invocation.environment;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, arguments[0].c_str(), &actions, nullptr,
                                    pointers(arguments).data(), pointers(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    errno = error;
    require(error == 0, "posix_spawn");
    return child;
}

/// Reads both until nobody writes any more; a terminal says so with EIO.
void read_both(int out, std::string& out_text, int err, std::string& err_text) {
    pollfd polls[] = {{.fd = out, .events = POLLIN, .revents = 0},
                      {.fd = err, .events = POLLIN, .revents = 0}};
    std::string* const texts[] = {&out_text, &err_text};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        require(::poll(polls, 2, 90'000) > 0, "soloctl hangs");
        for (int i = 0; i < 2; ++i) {
            char buffer[4096];
            if (polls[i].fd < 0 || polls[i].revents == 0)
                continue;
            const auto count = ::read(polls[i].fd, buffer, sizeof buffer);
            if (count > 0) {
                texts[i]->append(buffer, static_cast<std::size_t>(count));
            } else {
                polls[i].fd = -1;
            }
        }
    }
}

} // namespace

Answer replies(const std::string& parameters) {
    return sends(frame(R"({"parameters":)" + parameters + "}"));
}

Answer replies_more(const std::vector<std::string>& parameters) {
    std::string bytes;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto* const continues = i + 1 < parameters.size() ? "true" : "false";
        bytes +=
            frame(R"({"continues":)" + std::string{continues} + R"(,"parameters":)" + parameters[i] + "}");
    }
    return sends(bytes);
}

Answer fails(const std::string& error, const std::string& parameters) {
    return sends(frame(R"({"error":")" + error + R"(","parameters":)" + parameters + "}"));
}

Outcome run(const Invocation& invocation) {
    auto out = make_output(invocation);
    auto err = make_pipe();
    Outcome outcome;
    const pid_t child = start(invocation, out.writes.get(), err.writes.get());
    out.writes.reset();
    err.writes.reset();
    read_both(out.reads.get(), outcome.out, err.reads.get(), outcome.err);
    int status = 0;
    require(::waitpid(child, &status, 0) == child, "waitpid");
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::erase(outcome.out, '\r'); // a terminal's line ends
    return outcome;
}

Harness::Harness() {
    directory_ = "/tmp/solo-ctl-XXXXXX";
    require(::mkdtemp(directory_.data()) != nullptr, "mkdtemp");
}

Harness::~Harness() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable())
        thread_.join();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Harness::serve(std::vector<Answer> answers) {
    answers_ = std::move(answers);
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof address.sun_path - 1);
    require(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
            "bind");
    require(::listen(listener_.get(), 8) == 0, "listen");
    thread_ = std::jthread{[this] {
        for (;;) {
            const UniqueFd fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (!fd)
                return;
            serve_connection(fd.get());
        }
    }};
}

void Harness::serve_connection(int fd) {
    std::string received;
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) == 1) {
        if (byte != '\0') {
            received.push_back(byte);
            continue;
        }
        const std::scoped_lock lock{mutex_};
        calls_.push_back(std::exchange(received, {}));
        if (answers_.size() < calls_.size())
            return;
        const auto& answer = answers_[calls_.size() - 1];
        (void)::send(fd, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
        if (answer.closes)
            return;
    }
}

Outcome Harness::soloctl(std::vector<std::string> arguments) const {
    return soloctl(Invocation{.arguments = std::move(arguments), .program = {}});
}

Outcome run_as_nobody(std::vector<std::string> arguments) {
    const std::string unshare = "/usr/bin/unshare";
    if (run({.arguments = {"--user", "true"}, .program = unshare}).status != 0)
        skip();
    arguments.insert(arguments.begin(), {"--user", SOLOCTL});
    return run({.arguments = std::move(arguments), .program = unshare});
}

Outcome Harness::soloctl(Invocation invocation) const {
    auto& arguments = invocation.arguments;
    arguments.insert(arguments.begin(), {"--socket", socket()});
    return run(invocation);
}

std::vector<std::string> Harness::calls() {
    const std::scoped_lock lock{mutex_};
    return calls_;
}

int set_up_harness(void** state) {
    *state = new Harness;
    return 0;
}

int tear_down_harness(void** state) {
    delete static_cast<Harness*>(*state);
    return 0;
}

protocol::Json json_of(const std::string& text) {
    auto value = protocol::parse_json(text);
    if (!value)
        throw std::runtime_error{"no JSON: " + text};
    return *std::move(value);
}

void assert_contains(const std::string& text, const std::string& part) {
    if (!contains(text, part))
        fail_msg("\"%s\" does not contain \"%s\"", text.c_str(), part.c_str());
}

} // namespace solo::testing
