// SPDX-License-Identifier: MIT
#include "daemon/logind.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/support/fake_logind.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/temp_dir.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

using Clock = Logind::Clock;

/// Far enough away to come only where something is wrong.
Clock::time_point late() {
    return Clock::now() + 20s;
}

/// An event loop with a Logind in it, as the daemon has.
class Scene {
public:
    explicit Scene(const std::string& address) {
        ::setenv("DBUS_SYSTEM_BUS_ADDRESS", address.c_str(), 1);
        logind.emplace(loop.get_executor(),
                       Logind::Listener{.connected = [this] { ++connected; },
                                        .begun = [this](const std::string& id) { begun.push_back(id); }});
    }

    /// Runs the loop until the call is done.
    template<class T>
    T await(asio::awaitable<T> call) {
        std::optional<T> result;
        asio::co_spawn(
            loop,
            [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> {
                out = co_await std::move(inner);
            }(std::move(call), result),
            asio::detached);
        run_until([&] { return result.has_value(); });
        return std::move(*result);
    }

    void run_until(const std::function<bool()>& is_done) {
        const auto deadline = Clock::now() + 30s;
        while (!is_done()) {
            expect(Clock::now() < deadline, "it comes to an end");
            loop.restart();
            loop.run_one_for(50ms);
        }
    }

    asio::io_context loop;
    std::optional<Logind> logind;
    int connected = 0;
    std::vector<std::string> begun;
};

std::map<std::string, FakeSession> two_sessions() {
    return {{"3", {.user = "alice", .uid = 1000, .leader = 4711, .kind = "user"}},
            {"c7", {.user = "bob", .uid = 1001, .leader = 4712, .kind = "manager"}}};
}

void sessions_are_listed_with_what_logind_knows_of_them(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    const FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    const auto sessions = scene.await(scene.logind->sessions(late()));
    expect(sessions.has_value(), sessions ? "" : sessions.error());
    expect_equal(sessions->size(), 2U);
    const LogindSession& alice = sessions->at(0);
    expect_equal(alice.id, "3");
    expect_equal(alice.user, "alice");
    expect_equal(alice.uid, 1000U);
    expect_equal(alice.leader, 4711U);
    expect_equal(alice.service, "sshd");
    expect_equal(alice.tty, "pts/3");
    expect_equal(alice.remote_host, "10.0.0.5");
    expect_equal(alice.remote_user, "");
    expect_equal(alice.kind, "user");
    expect_equal(alice.state, "active");
    expect_equal(alice.begun, 1'700'000'000'000'000U);
    expect(alice.is_idle, "it is idle");
    expect_equal(alice.idle_since, 123'456'789U);
    expect_equal(sessions->at(1).id, "c7");
    expect_equal(sessions->at(1).kind, "manager");
    expect_equal(scene.connected, 1);
}

void one_session_is_described_and_an_unknown_one_is_not(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    const FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    expect_equal(scene.await(scene.logind->session("c7", late()))->user, "bob");
    const auto unknown = scene.await(scene.logind->session("99", late()));
    expect(!unknown.has_value(), "there is none");
    expect_equal(unknown.error(), "No session '99' known");
}

void a_session_is_terminated_by_its_id(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    expect(scene.await(scene.logind->terminate("3", late())).has_value(), "it is told");
    expect(fake.terminated() == std::vector<std::string>{"3"}, "that session and no other");
    const auto unknown = scene.await(scene.logind->terminate("4", late()));
    expect_equal(unknown.error(), "No session '4' known");
}

void a_new_session_is_announced(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    scene.run_until([&] { return scene.connected > 0; });
    fake.announce("3");
    scene.run_until([&] { return !scene.begun.empty(); });
    expect(scene.begun == std::vector<std::string>{"3"}, "by its id");
}

/// How long a call takes that fails, and what it says.
std::pair<Clock::duration, std::string> time_of_failure(Scene& scene, Clock::duration patience) {
    const auto begin = Clock::now();
    const auto told = scene.await(scene.logind->terminate("3", begin + patience));
    expect(!told.has_value(), "it fails");
    return {Clock::now() - begin, told.error()};
}

void without_a_bus_calls_fail_at_once(void** /*state*/) {
    const TempDir directory;
    Scene scene{"unix:path=" + directory.path("none")};
    const auto [time, why] = time_of_failure(scene, 15s);
    expect(time < 5s, "nobody waits");
    expect_equal(why, "there is no connection to the bus");
    expect(!scene.await(scene.logind->sessions(late())).has_value(), "nor for the list");
}

void without_a_logind_calls_fail_at_once(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    Scene scene{bus.address()};
    const auto [time, why] = time_of_failure(scene, 15s);
    expect(time < 10s, "nobody waits");
    expect_within(why, "org.freedesktop.login1");
}

/// It accepts, and says nothing.
void a_bus_that_hangs_is_waited_for_until_the_deadline(void** /*state*/) {
    const TempDir directory;
    const std::string path = directory.path("bus");
    const protocol::UniqueFd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    expect(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(listener.get(), 5) == 0,
           "it listens");
    Scene scene{"unix:path=" + path};
    const auto [time, why] = time_of_failure(scene, 300ms);
    expect(time >= 300ms && time < 4s, "the deadline counts");
    expect_equal(scene.connected, 0);
    scene.logind.reset(); // ends with a connection under way
}

void a_logind_that_does_not_answer_is_waited_for_until_the_deadline(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    expect(scene.await(scene.logind->sessions(late())).has_value(), "it answers");
    fake.fall_silent();
    const auto [time, why] = time_of_failure(scene, 300ms);
    expect(time >= 300ms && time < 10s, "the deadline counts");
    expect_equal(why, "no answer in time");
    expect(!scene.await(scene.logind->sessions(Clock::now() + 100ms)).has_value(), "nor for the list");
}

void a_call_ends_with_the_connection(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    FakeLogind fake{bus.address(), two_sessions()};
    Scene scene{bus.address()};
    scene.run_until([&] { return scene.connected > 0; });
    fake.fall_silent();
    asio::steady_timer timer{scene.loop, 100ms};
    timer.async_wait([&](std::error_code) { ::kill(bus.pid(), SIGKILL); });
    const auto [time, why] = time_of_failure(scene, 15s);
    expect(time < 10s, "nobody waits for a bus that is gone");
    expect(why != "no answer in time", why);
}

void a_logind_that_comes_later_is_heard_of(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    Scene scene{bus.address()};
    scene.run_until([&] { return scene.connected == 1; });
    const FakeLogind fake{bus.address(), two_sessions()};
    scene.run_until([&] { return scene.connected == 2; });
    expect_equal(scene.await(scene.logind->sessions(late()))->size(), 2U);
    expect(scene.begun.empty(), "that is no new session");
}

void a_bus_that_comes_back_is_found(void** /*state*/) {
    const TempDir directory;
    auto bus = std::make_unique<PrivateBus>(directory.path());
    Scene scene{bus->address()};
    scene.run_until([&] { return scene.connected == 1; });
    bus.reset();
    std::filesystem::remove(directory.path("bus"));
    bus = std::make_unique<PrivateBus>(directory.path());
    FakeLogind fake{bus->address(), two_sessions()};
    scene.run_until([&] { return scene.connected >= 2; });
    expect_equal(scene.await(scene.logind->sessions(late()))->size(), 2U);
    fake.announce("c7");
    scene.run_until([&] { return !scene.begun.empty(); });
}

void calls_may_outlive_who_made_them(void** /*state*/) {
    const TempDir directory;
    const PrivateBus bus{directory.path()};
    FakeLogind fake{bus.address(), two_sessions()};
    fake.fall_silent();
    Scene scene{bus.address()};
    std::optional<bool> is_told;
    asio::co_spawn(
        scene.loop,
        [](Logind& logind, std::optional<bool>& out) -> asio::awaitable<void> {
            out = (co_await logind.terminate("3", late())).has_value();
        }(*scene.logind, is_told),
        asio::detached);
    scene.run_until([&] { return fake.was_called(); });
    scene.logind.reset();
    scene.run_until([&] { return is_told.has_value(); });
    expect(is_told == false, "it has failed");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(sessions_are_listed_with_what_logind_knows_of_them),
        SOLO_TEST(one_session_is_described_and_an_unknown_one_is_not),
        SOLO_TEST(a_session_is_terminated_by_its_id),
        SOLO_TEST(a_new_session_is_announced),
        SOLO_TEST(without_a_bus_calls_fail_at_once),
        SOLO_TEST(without_a_logind_calls_fail_at_once),
        SOLO_TEST(a_bus_that_hangs_is_waited_for_until_the_deadline),
        SOLO_TEST(a_logind_that_does_not_answer_is_waited_for_until_the_deadline),
        SOLO_TEST(a_call_ends_with_the_connection),
        SOLO_TEST(a_logind_that_comes_later_is_heard_of),
        SOLO_TEST(a_bus_that_comes_back_is_found),
        SOLO_TEST(calls_may_outlive_who_made_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
