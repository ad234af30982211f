// SPDX-License-Identifier: MIT
#include "daemon/accounts.hpp"
#include "tests/unit/expect.hpp"

#include <algorithm>
#include <csignal>
#include <future>
#include <optional>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <pwd.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

using Found = Accounts::Found;

protocol::Account account(const std::string& name) {
    return {.name = name, .uid = 61001, .gids = std::vector<std::uint32_t>{61001}};
}

/// A lookup that does not return before it is let go, as NSS whose server does not answer.
class HangingNss {
public:
    ~HangingNss() { let_go(); }

    [[nodiscard]] Accounts::Lookup lookup() const {
        return [released = released_](const std::string& name) -> Found {
            released.wait();
            return account(name);
        };
    }

    void let_go() {
        if (is_hanging_)
            release_.set_value();
        is_hanging_ = false;
    }

private:
    std::promise<void> release_;
    std::shared_future<void> released_ = release_.get_future().share();
    bool is_hanging_ = true;
};

/// Asks and puts the answer into `answer`.
void ask(asio::io_context& loop, Accounts& accounts, const std::string& name, std::optional<Found>& answer,
         Accounts::Asker asker = {}) {
    asio::co_spawn(
        loop,
        [&accounts, &answer, name, asker]() -> asio::awaitable<void> {
            answer = co_await accounts.find(name, asker);
        },
        asio::detached);
}

Found ask_alone(Accounts& accounts, asio::io_context& loop, const std::string& name) {
    std::optional<Found> answer;
    ask(loop, accounts, name, answer);
    loop.restart();
    loop.run();
    expect(answer.has_value(), "it is answered");
    return *answer;
}

void names_are_looked_up_in_nss(void** /*state*/) {
    asio::io_context loop;
    Accounts accounts{loop.get_executor()};
    const Found root = ask_alone(accounts, loop, "root");
    expect(root.has_value(), "root is known");
    expect_equal(root->name, "root");
    expect(root->uid == 0U, "root's uid");
    expect(root->gids && !root->gids->empty(), "root's groups");
    const Found stranger = ask_alone(accounts, loop, "no-such-account@example");
    expect(stranger.has_value(), "a stranger stands for itself");
    expect_equal(stranger->name, "no-such-account@example");
    expect(!stranger->uid, "and has no uid");
    const Found hostile = ask_alone(accounts, loop, "ali\x1b[2J");
    expect(!hostile && !hostile.error().is_failure, "a name that no account may have");
}

void event_loop_goes_on_while_nss_hangs(void** /*state*/) {
    HangingNss nss;
    asio::io_context loop;
    Accounts accounts{loop.get_executor(), nss.lookup(), 1min};
    std::optional<Found> answer;
    ask(loop, accounts, "alice", answer);
    loop.poll();
    expect(!answer, "NSS has not answered");
    nss.let_go();
    loop.restart();
    loop.run();
    expect(answer && *answer, "it has now");
    expect_equal((*answer)->name, "alice");
}

void hanging_nss_is_a_failure_after_a_while(void** /*state*/) {
    HangingNss nss;
    asio::io_context loop;
    Accounts accounts{loop.get_executor(), nss.lookup(), 20ms};
    const Found found = ask_alone(accounts, loop, "alice");
    expect(!found && found.error().is_failure, "a failure");
    expect_equal(found.error().reason, "NSS does not answer");
    nss.let_go(); // and for those who ask now it answers again
    expect(ask_alone(accounts, loop, "bob").has_value(), "bob is found");
}

void nobody_fills_the_queue_for_the_others(void** /*state*/) {
    HangingNss nss;
    asio::io_context loop;
    Accounts accounts{loop.get_executor(), nss.lookup(), 1min};
    constexpr std::size_t many = Accounts::most_waiting_of_a_user + 2; // one of them is being looked up
    std::vector<std::optional<Found>> flood(many);
    ask(loop, accounts, "alice", flood[0], {.uid = 61001});
    while (loop.poll() != 0) {
    }
    std::optional<Found> other;
    for (std::size_t i = 1; i < many; ++i)
        ask(loop, accounts, "alice", flood[i], {.uid = 61001});
    ask(loop, accounts, "bob", other, {.uid = 61002});
    while (loop.poll() != 0) { // all have asked
    }
    nss.let_go();
    loop.restart();
    loop.run();
    const auto refused = std::ranges::count_if(flood, [](const auto& found) { return !*found; });
    expect(refused >= 1 && refused <= 2, "what is too much is refused"); // the first may still have waited
    expect(other && *other, "the other is served");
}

void many_who_log_in_at_one_application_are_all_looked_up(void** /*state*/) {
    HangingNss nss;
    asio::io_context loop;
    Accounts accounts{loop.get_executor(), nss.lookup(), 1min};
    std::vector<std::optional<Found>> crowd(Accounts::most_waiting_of_an_opener);
    std::optional<Found> other;
    for (auto& person : crowd)
        ask(loop, accounts, "alice", person, {.uid = 33, .opens_for_all = true});
    ask(loop, accounts, "bob", other, {.uid = 61002});
    loop.poll();
    nss.let_go();
    loop.restart();
    loop.run();
    expect(std::ranges::all_of(crowd, [](const auto& found) { return found && found->has_value(); }),
           "all of the crowd");
    expect(other && *other, "and who is none of it");
}

void thread_that_hangs_keeps_nobody(void** /*state*/) {
    HangingNss nss;
    {
        asio::io_context loop;
        Accounts accounts{loop.get_executor(), nss.lookup(), 1ms};
        expect(!ask_alone(accounts, loop, "alice"), "a failure");
    }
    nss.let_go(); // now the thread finds its queue closed
}

/// The thread's own signal mask, as its lookup sees it.
void thread_takes_no_signals(void** /*state*/) {
    asio::io_context loop;
    std::promise<sigset_t> seen;
    Accounts accounts{loop.get_executor(), [&](const std::string& name) -> Found {
                          sigset_t mask;
                          ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                          seen.set_value(mask);
                          return account(name);
                      }};
    expect(ask_alone(accounts, loop, "alice").has_value(), "found");
    const sigset_t mask = seen.get_future().get();
    sigset_t own;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
    for (const int number : {SIGTERM, SIGHUP, SIGINT}) {
        expect(::sigismember(&mask, number) == 1, "blocked in the thread");
        expect(::sigismember(&own, number) == 0, "not in the event loop's");
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(names_are_looked_up_in_nss),
        SOLO_TEST(event_loop_goes_on_while_nss_hangs),
        SOLO_TEST(hanging_nss_is_a_failure_after_a_while),
        SOLO_TEST(nobody_fills_the_queue_for_the_others),
        SOLO_TEST(many_who_log_in_at_one_application_are_all_looked_up),
        SOLO_TEST(thread_that_hangs_keeps_nobody),
        SOLO_TEST(thread_takes_no_signals),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
