// SPDX-License-Identifier: MIT
#include "protocol/channel.hpp"
#include "tests/support/cmocka.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

using namespace solo::protocol;
using namespace std::chrono_literals;

namespace {

constexpr uid_t nobody = 65534;

/// What a test uses: a pair of connected sockets, a directory for a listening one, and threads that play the
/// peer. All of it goes in the tear-down, since a failed assertion runs no destructor.
struct Peer {
    UniqueFd ours;
    UniqueFd theirs;
    UniqueFd listener;
    std::string directory;
    std::string path;
    std::vector<std::jthread> threads;
    std::vector<UniqueFd> kept;
    pid_t child = -1;

    void say(std::string_view bytes) const {
        assert_int_equal(::send(theirs.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), bytes.size());
    }

    void play(std::function<void(std::stop_token)> part) { threads.emplace_back(std::move(part)); }

    Channel channel() { return Channel{std::move(ours)}; }
};

Peer& peer_of(void** state) {
    return *static_cast<Peer*>(*state);
}

int set_up(void** state) {
    auto peer = std::make_unique<Peer>();
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    peer->ours.reset(pair[0]);
    peer->theirs.reset(pair[1]);
    ::fcntl(pair[0], F_SETFL, O_NONBLOCK);
    std::string directory = "/tmp/solo-channel-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr || ::chmod(directory.c_str(), 0777) != 0)
        return -1;
    peer->directory = directory;
    peer->path = directory + "/test.sock";
    *state = peer.release();
    return 0;
}

int tear_down(void** state) {
    const std::unique_ptr<Peer> peer{static_cast<Peer*>(*state)};
    if (peer->child > 0) {
        ::kill(peer->child, SIGKILL);
        ::waitpid(peer->child, nullptr, 0);
    }
    ::shutdown(peer->theirs.get(), SHUT_RDWR);
    peer->threads.clear();
    ::unlink(peer->path.c_str());
    ::rmdir(peer->directory.c_str());
    return 0;
}

UniqueFd listening(const std::string& path, int backlog = 8) {
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), 0666) != 0 || ::listen(fd.get(), backlog) != 0)
        return {};
    return fd;
}

Deadline soon() {
    return Deadline::in(100ms);
}

Deadline late() {
    return Deadline::in(10s);
}

const Call call{.method = "a.b.C", .parameters = R"({"id":"x"})"};

void assert_fault(const tl::expected<ReceivedReply, Failure>& reply, Fault fault) {
    assert_false(reply.has_value());
    if (reply.error().fault != fault)
        fail_msg("another fault than expected: %s", reply.error().text().c_str());
}

void assert_fault(const tl::expected<Channel, Failure>& channel, Fault fault) {
    assert_false(channel.has_value());
    if (channel.error().fault != fault)
        fail_msg("another fault than expected: %s", channel.error().text().c_str());
}

/// Whether `body` ends by its deadline of 100 ms and not by the late one: room for a busy machine.
template<class Body>
void assert_soon(const Body& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    assert_true(std::chrono::steady_clock::now() - begin < 5s);
}

// Calls and replies.

void a_call_gets_its_reply(void** state) {
    auto& peer = peer_of(state);
    peer.say(std::string{R"({"parameters":{"ok":true}})"} + '\0');
    auto channel = peer.channel();
    const auto reply = channel.call(call, late());
    assert_true(reply.has_value());
    assert_true(reply->parameters["ok"].get<bool>());
    char sent[256] = {};
    assert_true(::recv(peer.theirs.get(), sent, sizeof sent - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(sent, R"({"method":"a.b.C","parameters":{"id":"x"}})");
}

void an_error_is_a_reply(void** state) {
    auto& peer = peer_of(state);
    peer.say(std::string{R"({"error":"a.b.No"})"} + '\0');
    auto channel = peer.channel();
    assert_string_equal(channel.call(call, late())->error.c_str(), "a.b.No");
}

void replies_to_more_come_one_by_one(void** state) {
    auto& peer = peer_of(state);
    peer.say(std::string{R"({"continues":true,"parameters":{"n":1}})"} + '\0' + R"({"parameters":{"n":2}})" +
             '\0');
    auto channel = peer.channel();
    const auto first = channel.call(call, late());
    assert_true(first->continues);
    const auto second = channel.next_reply(late());
    assert_false(second->continues);
    assert_int_equal(second->parameters["n"].get<int>(), 2);
    assert_fault(channel.next_reply(soon()), Fault::timeout);
}

void a_oneway_call_waits_for_nothing(void** state) {
    auto& peer = peer_of(state);
    auto channel = peer.channel();
    assert_soon([&] { assert_true(channel.call({.method = "a.b.C", .oneway = true}, late()).has_value()); });
}

void a_reply_in_single_bytes_is_read(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token&) {
        for (const char byte : std::string{R"({"parameters":{"ok":true}})"} + '\0')
            ::send(peer.theirs.get(), &byte, 1, MSG_NOSIGNAL);
    });
    auto channel = peer.channel();
    assert_true(channel.call(call, late()).has_value());
}

// Peers that do not play along.

void the_deadline_holds_when_the_peer_is_silent(void** state) {
    auto channel = peer_of(state).channel();
    assert_soon([&] { assert_fault(channel.call(call, soon()), Fault::timeout); });
}

void the_deadline_holds_when_the_peer_drips_bytes(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token& stop) {
        while (!stop.stop_requested() && ::send(peer.theirs.get(), " ", 1, MSG_NOSIGNAL) == 1)
            std::this_thread::sleep_for(2ms);
    });
    auto channel = peer.channel();
    assert_soon([&] { assert_fault(channel.call(call, soon()), Fault::timeout); });
}

void the_deadline_holds_when_bytes_are_always_there(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token& stop) {
        while (!stop.stop_requested() && ::send(peer.theirs.get(), " ", 1, MSG_NOSIGNAL) == 1) {
        }
    });
    auto channel = peer.channel();
    assert_soon([&] { assert_false(channel.call(call, soon()).has_value()); });
}

void a_deadline_that_has_passed_waits_for_no_more_bytes(void** state) {
    auto& peer = peer_of(state);
    peer.say(" ");
    auto channel = peer.channel();
    assert_fault(channel.next_reply(Deadline::in(0ms)), Fault::timeout);
    char left = 0;
    assert_int_equal(::recv(channel.fd(), &left, 1, MSG_DONTWAIT), 1);
}

void the_deadline_holds_when_the_peer_does_not_read(void** state) {
    auto channel = peer_of(state).channel();
    const Call big{.method = "a.b.C", .parameters = to_text(Json{{"x", std::string(4 << 20, 'x')}})};
    assert_soon([&] { assert_fault(channel.call(big, soon()), Fault::timeout); });
}

void a_peer_that_closes_is_told_from_one_that_stops_halfway(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token&) {
        char sent[256];
        (void)::recv(peer.theirs.get(), sent, sizeof sent, 0);
        ::shutdown(peer.theirs.get(), SHUT_RDWR);
    });
    auto channel = peer.channel();
    assert_fault(channel.call(call, late()), Fault::closed);
}

void half_a_reply_is_malformed(void** state) {
    auto& peer = peer_of(state);
    peer.say(R"({"parameters":)");
    ::shutdown(peer.theirs.get(), SHUT_WR);
    auto channel = peer.channel();
    assert_fault(channel.call(call, late()), Fault::malformed);
}

void a_peer_that_is_gone_raises_no_signal(void** state) {
    auto& peer = peer_of(state);
    peer.theirs.reset();
    auto channel = peer.channel();
    assert_fault(channel.call(call, late()), Fault::closed);
}

/// A server over its limit of connections says so and closes, before it has read a call.
void what_a_peer_said_before_it_closed_is_heard(void** state) {
    auto& peer = peer_of(state);
    peer.say(std::string{R"({"error":"a.b.TooMany"})"} + '\0');
    peer.theirs.reset();
    auto channel = peer.channel();
    const auto reply = channel.call(call, late());
    assert_true(reply.has_value());
    assert_string_equal(reply->error.c_str(), "a.b.TooMany");
}

void garbage_is_malformed(void** state) {
    auto& peer = peer_of(state);
    peer.say(std::string{"SSH-2.0-OpenSSH_9.2"} + '\0');
    auto channel = peer.channel();
    assert_fault(channel.call(call, late()), Fault::malformed);
}

void a_reply_over_the_limit_is_malformed(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token&) {
        const std::string bytes(max_login_message + 1, ' ');
        ::send(peer.theirs.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    });
    auto channel = peer.channel();
    assert_fault(channel.call(call, late()), Fault::malformed);
}

// Connecting.

void a_socket_that_is_absent_is_known_at_once_without_retry(void** state) {
    assert_soon([&] {
        const auto channel = Channel::connect(peer_of(state).path, late(), Deadline::in(0ms));
        assert_fault(channel, Fault::absent);
        assert_int_equal(channel.error().error, ENOENT);
        assert_string_equal(channel.error().text().c_str(), "nobody listens (No such file or directory)");
    });
}

void a_socket_that_nobody_serves_is_absent(void** state) {
    auto& peer = peer_of(state);
    peer.listener = listening(peer.path);
    peer.listener.reset();
    const auto channel = Channel::connect(peer.path, late(), Deadline::in(50ms));
    assert_fault(channel, Fault::absent);
    assert_int_equal(channel.error().error, ECONNREFUSED);
}

void a_socket_that_appears_within_retry_is_reached(void** state) {
    auto& peer = peer_of(state);
    peer.play([&peer](const std::stop_token&) {
        std::this_thread::sleep_for(100ms);
        peer.listener = listening(peer.path);
    });
    assert_true(Channel::connect(peer.path, late(), Deadline::in(5s)).has_value());
}

void retry_ends_where_its_time_or_the_deadline_does(void** state) {
    const auto& path = peer_of(state).path;
    assert_soon([&] { assert_fault(Channel::connect(path, late(), soon()), Fault::absent); });
    assert_soon([&] { assert_fault(Channel::connect(path, soon(), late()), Fault::absent); });
}

/// Connects until the backlog is full.
void fill_backlog(Peer& peer) {
    peer.listener = listening(peer.path, 0);
    for (;;) {
        auto channel = Channel::connect(peer.path, Deadline::in(0ms), Deadline::in(0ms));
        if (!channel)
            break;
        peer.kept.push_back(std::move(*channel).release());
    }
}

void a_full_backlog_is_waited_for_until_the_deadline(void** state) {
    auto& peer = peer_of(state);
    fill_backlog(peer);
    assert_soon(
        [&] { assert_fault(Channel::connect(peer.path, soon(), Deadline::in(0ms)), Fault::timeout); });
}

void a_backlog_that_moves_is_joined(void** state) {
    auto& peer = peer_of(state);
    fill_backlog(peer);
    peer.play([&peer](const std::stop_token&) {
        std::this_thread::sleep_for(50ms);
        const UniqueFd accepted{::accept(peer.listener.get(), nullptr, nullptr)};
    });
    assert_true(Channel::connect(peer.path, late(), Deadline::in(0ms)).has_value());
}

void a_path_that_is_empty_or_too_long_is_absent(void** /*state*/) {
    assert_fault(Channel::connect("", late(), late()), Fault::absent);
    assert_fault(Channel::connect(std::string(108, 'x'), late(), late()), Fault::absent);
}

void a_file_that_is_no_socket_is_absent(void** state) {
    auto& peer = peer_of(state);
    const UniqueFd file{::open(peer.path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666)};
    assert_fault(Channel::connect(peer.path, late(), Deadline::in(0ms)), Fault::absent);
}

void the_server_must_run_as_the_user_that_is_expected(void** state) {
    auto& peer = peer_of(state);
    peer.listener = listening(peer.path);
    assert_true(Channel::connect(peer.path, late(), late(), ::geteuid()).has_value());
    assert_fault(Channel::connect(peer.path, late(), late(), ::geteuid() + 1), Fault::imposter);
}

/// Starts a process of nobody that listens on the path; returns once it does.
bool start_imposter(Peer& peer) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0)
        return false;
    UniqueFd reads{ready[0]};
    UniqueFd writes{ready[1]};
    peer.child = ::fork();
    if (peer.child == 0) {
        if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)
            ::_exit(1);
        const UniqueFd fd = listening(peer.path);
        (void)!::write(writes.get(), "", fd ? 1 : 0);
        for (;;)
            ::pause();
    }
    writes.reset();
    pollfd poll_fd{.fd = reads.get(), .events = POLLIN, .revents = 0};
    return ::poll(&poll_fd, 1, 5000) == 1 && (poll_fd.revents & POLLIN) != 0;
}

void a_server_of_another_user_is_an_imposter(void** state) {
    if (::geteuid() != 0)
        skip();
    auto& peer = peer_of(state);
    assert_true(start_imposter(peer));
    assert_fault(Channel::connect(peer.path, late(), Deadline::in(0ms), 0), Fault::imposter);
    assert_true(Channel::connect(peer.path, late(), Deadline::in(0ms), nobody).has_value());
}

void a_socket_without_permission_is_forbidden(void** state) {
    if (::geteuid() != 0)
        skip();
    auto& peer = peer_of(state);
    peer.listener = listening(peer.path);
    ::chmod(peer.path.c_str(), 0600);
    assert_int_equal(::seteuid(nobody), 0);
    const auto channel = Channel::connect(peer.path, late(), late());
    assert_int_equal(::seteuid(0), 0);
    assert_fault(channel, Fault::forbidden);
}

// The descriptor.

void the_descriptor_is_close_on_exec_non_blocking_and_above_two(void** state) {
    auto& peer = peer_of(state);
    peer.listener = listening(peer.path);
    const UniqueFd kept{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10)};
    ::close(STDIN_FILENO);
    const auto channel = Channel::connect(peer.path, late(), late());
    ::dup2(kept.get(), STDIN_FILENO);
    assert_true(channel.has_value());
    assert_true(channel->fd() > 2);
    assert_true((::fcntl(channel->fd(), F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((::fcntl(channel->fd(), F_GETFL) & O_NONBLOCK) != 0);
}

void a_released_descriptor_is_the_callers(void** state) {
    auto& peer = peer_of(state);
    const int fd = peer.ours.get();
    auto channel = peer.channel();
    const UniqueFd released = std::move(channel).release();
    assert_int_equal(released.get(), fd);
    assert_int_equal(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

} // namespace

#define WITH_PEER(body) SOLO_TEST_WITH(body, set_up, tear_down)

int main() {
    const CMUnitTest tests[] = {
        WITH_PEER(a_call_gets_its_reply),
        WITH_PEER(an_error_is_a_reply),
        WITH_PEER(replies_to_more_come_one_by_one),
        WITH_PEER(a_oneway_call_waits_for_nothing),
        WITH_PEER(a_reply_in_single_bytes_is_read),
        WITH_PEER(the_deadline_holds_when_the_peer_is_silent),
        WITH_PEER(the_deadline_holds_when_the_peer_drips_bytes),
        WITH_PEER(the_deadline_holds_when_bytes_are_always_there),
        WITH_PEER(a_deadline_that_has_passed_waits_for_no_more_bytes),
        WITH_PEER(the_deadline_holds_when_the_peer_does_not_read),
        WITH_PEER(a_peer_that_closes_is_told_from_one_that_stops_halfway),
        WITH_PEER(half_a_reply_is_malformed),
        WITH_PEER(a_peer_that_is_gone_raises_no_signal),
        WITH_PEER(what_a_peer_said_before_it_closed_is_heard),
        WITH_PEER(garbage_is_malformed),
        WITH_PEER(a_reply_over_the_limit_is_malformed),
        WITH_PEER(a_socket_that_is_absent_is_known_at_once_without_retry),
        WITH_PEER(a_socket_that_nobody_serves_is_absent),
        WITH_PEER(a_socket_that_appears_within_retry_is_reached),
        WITH_PEER(retry_ends_where_its_time_or_the_deadline_does),
        WITH_PEER(a_full_backlog_is_waited_for_until_the_deadline),
        WITH_PEER(a_backlog_that_moves_is_joined),
        WITH_PEER(a_path_that_is_empty_or_too_long_is_absent),
        WITH_PEER(a_file_that_is_no_socket_is_absent),
        WITH_PEER(the_server_must_run_as_the_user_that_is_expected),
        WITH_PEER(a_server_of_another_user_is_an_imposter),
        WITH_PEER(a_socket_without_permission_is_forbidden),
        WITH_PEER(the_descriptor_is_close_on_exec_non_blocking_and_above_two),
        WITH_PEER(a_released_descriptor_is_the_callers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
