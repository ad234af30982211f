// SPDX-License-Identifier: MIT
#include "daemon/accounts.hpp"

#include "daemon/signals_blocked.hpp"
#include "daemon/wake.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>

#include <asio/post.hpp>

namespace solo {

namespace {

tl::unexpected<protocol::NoAccount> unanswered(std::string reason) {
    return tl::unexpected{protocol::NoAccount{.is_failure = true, .reason = std::move(reason)}};
}

/// A caller of find(), in the event loop.
struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : wake{executor} {}

    Wake wake;
    std::optional<Accounts::Found> found;
};

} // namespace

/// What the event loop and the thread share. The thread may outlive the loop, so it touches the loop only
/// under the lock and while `executor` is there.
struct Accounts::Queue {
    struct Question {
        std::string name;
        Asker asker;
        std::weak_ptr<Waiting> waiting; ///< nobody where the caller has lost patience
    };

    Queue(asio::any_io_executor loop, Lookup how) : executor{std::move(loop)}, lookup{std::move(how)} {}

    std::mutex mutex;
    std::condition_variable changed;
    std::optional<asio::any_io_executor> executor; ///< none when the loop is over
    const Lookup lookup;
    std::list<Question> questions;
    bool is_busy = false;

    /// False where there is no room for it.
    bool add(Question question) {
        const std::lock_guard lock{mutex};
        std::erase_if(questions, [](const Question& other) { return other.waiting.expired(); });
        const auto of_asker = std::ranges::count_if(
            questions, [&](const Question& other) { return other.asker.uid == question.asker.uid; });
        const auto most = question.asker.opens_for_all ? most_waiting_of_an_opener : most_waiting_of_a_user;
        if (questions.size() >= most_waiting || std::cmp_greater_equal(of_asker, most))
            return false;
        questions.push_back(std::move(question));
        changed.notify_one();
        return true;
    }

    void serve() {
        std::unique_lock lock{mutex};
        for (;;) {
            changed.wait(lock, [this] { return !executor || !questions.empty(); });
            if (!executor)
                return;
            const Question question = std::move(questions.front());
            questions.pop_front();
            is_busy = true;
            lock.unlock();
            Found found = lookup(question.name);
            lock.lock();
            is_busy = false;
            if (executor)
                answer(question.waiting, std::move(found));
        }
    }

    void answer(const std::weak_ptr<Waiting>& who, Found found) const {
        asio::post(*executor, [who, found = std::move(found)]() mutable {
            if (const auto waiting = who.lock()) {
                waiting->found = std::move(found);
                waiting->wake.notify();
            }
        });
    }
};

Accounts::Accounts(asio::any_io_executor executor, Lookup lookup, std::chrono::milliseconds patience)
    : executor_{executor}, patience_{patience},
      queue_{std::make_shared<Queue>(std::move(executor), std::move(lookup))} {}

Accounts::~Accounts() {
    bool is_busy = false;
    {
        const std::lock_guard lock{queue_->mutex};
        queue_->executor.reset();
        is_busy = queue_->is_busy;
        queue_->changed.notify_one();
    }
    if (!thread_.joinable())
        return;
    if (is_busy)
        thread_.detach();
    else
        thread_.join();
}

void Accounts::start() {
    const SignalsBlocked blocked;
    thread_ = std::thread{[queue = queue_] { queue->serve(); }};
}

asio::awaitable<Accounts::Found> Accounts::find(std::string name, Asker asker) {
    const auto waiting = std::make_shared<Waiting>(executor_);
    if (!queue_->add({.name = std::move(name), .asker = asker, .waiting = waiting}))
        co_return unanswered("too many accounts are being looked up");
    if (!thread_.joinable())
        start();
    co_await waiting->wake.wait_until(std::chrono::steady_clock::now() + patience_);
    if (!waiting->found)
        co_return unanswered("NSS does not answer");
    co_return std::move(*waiting->found);
}

} // namespace solo
