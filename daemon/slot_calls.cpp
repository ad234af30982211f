// SPDX-License-Identifier: MIT
#include "daemon/slot_calls.hpp"

#include "daemon/connection.hpp"
#include "daemon/wake.hpp"

#include <algorithm>
#include <memory>

#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

/// What a call that waits shares with whoever brings what it waits for.
template<class What>
struct Pending {
    explicit Pending(const asio::any_io_executor& executor) : wake{executor} {}

    void bring(const What& brought) {
        what = brought;
        wake.notify();
    }

    void hang_up() {
        has_hung_up = true;
        wake.notify();
    }

    Wake wake;
    std::optional<What> what;
    bool has_hung_up = false;
};

/// Until it is there, or the client goes.
template<class What>
asio::awaitable<void> await(std::shared_ptr<Pending<What>> pending, Connection& connection) {
    connection.on_hang_up([pending] { pending->hang_up(); });
    while (!pending->what && !pending->has_hung_up)
        co_await pending->wake.wait();
}

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
    const auto pending = std::make_shared<Pending<Answer>>(co_await asio::this_coro::executor);
    slots.acquire(std::move(claim), std::move(leader), [&slots, pending](const Answer& answer) {
        if (pending->has_hung_up && answer.id)
            give_back(slots, *answer.id);
        pending->bring(answer);
    });
    co_await asio::post(asio::use_awaitable); // most logins are decided and on record after this round
    if (!pending->what)
        co_await await(pending, connection);
    if (!pending->what)
        slots.abandon(account, request);
    co_return std::move(pending->what);
}

asio::awaitable<void> release(Slots& slots, SessionId id) {
    const auto session = slots.find(id);
    if (!session || session->state == State::ending)
        co_return;
    const auto pending = std::make_shared<Pending<Session>>(co_await asio::this_coro::executor);
    slots.release(id, [pending](const Session& ended) { pending->bring(ended); });
    while (!pending->what)
        co_await pending->wake.wait();
}

asio::awaitable<std::optional<Session>> end(Slots& slots, SessionId id, Reason reason, Notice notice,
                                            Connection& connection) {
    const auto pending = std::make_shared<Pending<Session>>(co_await asio::this_coro::executor);
    const RequestId request = next_request();
    slots.end(id, reason, std::move(notice),
              {.request = request, .ended = [pending](const Session& ended) { pending->bring(ended); }});
    co_await await(pending, connection);
    if (!pending->what)
        slots.stop_waiting(id, request);
    co_return std::move(pending->what);
}

} // namespace solo
