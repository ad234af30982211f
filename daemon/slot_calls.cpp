// SPDX-License-Identifier: MIT
#include "daemon/slot_calls.hpp"

#include "daemon/connection.hpp"

#include <algorithm>
#include <memory>

#include <asio/experimental/as_tuple.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

/// What a call that waits for the answer shares with whoever brings it.
struct Pending {
    explicit Pending(const asio::any_io_executor& executor)
        : wake{executor, asio::steady_timer::time_point::max()} {}

    asio::steady_timer wake;
    std::optional<Answer> answer;
    bool has_hung_up = false;
};

/// The same for the end of a session.
struct Closing {
    explicit Closing(const asio::any_io_executor& executor)
        : wake{executor, asio::steady_timer::time_point::max()} {}

    asio::steady_timer wake;
    bool is_on_record = false;
};

RequestId next_request() {
    static RequestId last = 0; // the event loop's thread is the only one
    return ++last;
}

} // namespace

void for_each_session(const Slots& slots, const std::function<void(const Session&)>& visit) {
    constexpr std::size_t page_size = 100;
    for (auto page = slots.sessions_after({}, page_size); !page.empty();
         page = slots.sessions_after(page.back().id, page_size))
        std::ranges::for_each(page, visit);
}

void give_back(Slots& slots, const SessionId& id) {
    const auto session = slots.find(id);
    if (session && session->lease)
        slots.release(id, {});
    else
        slots.line_closed(id);
}

asio::awaitable<std::optional<Answer>> acquire(Slots& slots, Claim claim, std::optional<ProcessHandle> leader,
                                               Connection& connection) {
    claim.request = next_request();
    const RequestId request = claim.request;
    const std::string account = claim.account.name;
    const auto pending = std::make_shared<Pending>(co_await asio::this_coro::executor);
    slots.acquire(std::move(claim), std::move(leader), [&slots, pending](const Answer& answer) {
        if (pending->has_hung_up && answer.id)
            give_back(slots, *answer.id);
        pending->answer = answer;
        pending->wake.cancel();
    });
    co_await asio::post(asio::use_awaitable); // most logins are decided and on record after this round
    if (pending->answer)
        co_return std::move(pending->answer);
    connection.on_hang_up([pending] {
        pending->has_hung_up = true;
        pending->wake.cancel();
    });
    while (!pending->answer && !pending->has_hung_up)
        co_await pending->wake.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
    if (!pending->answer)
        slots.abandon(account, request);
    co_return pending->answer;
}

asio::awaitable<void> release(Slots& slots, SessionId id) {
    const auto session = slots.find(id);
    if (!session || session->state == State::ending)
        co_return;
    const auto closing = std::make_shared<Closing>(co_await asio::this_coro::executor);
    slots.release(id, [closing](const Session& /*ended*/) {
        closing->is_on_record = true;
        closing->wake.cancel();
    });
    while (!closing->is_on_record)
        co_await closing->wake.async_wait(asio::experimental::as_tuple(asio::use_awaitable));
}

} // namespace solo
