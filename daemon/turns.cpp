// SPDX-License-Identifier: MIT
#include "daemon/turns.hpp"

#include <algorithm>

#include <asio/post.hpp>
#include <asio/query.hpp>

namespace solo {

namespace {

using namespace std::chrono_literals;

/// The users' part of the time is one part in so many.
constexpr int parts = 5;

/// What may be spent at once after a while in which nothing was asked.
constexpr std::chrono::nanoseconds most_credit = 20ms;

/// How much to spend together before the next rest, where there is a debt: a timer costs something too.
constexpr std::chrono::nanoseconds least_credit = 100us;

} // namespace

Turns::Queue::Queue(const asio::any_io_executor& executor)
    : loop{executor}, context{asio::query(executor, asio::execution::context)},
      rest{std::make_unique<asio::steady_timer>(executor)}, credit{most_credit}, counted{Clock::now()} {}

void Turns::Queue::add(uid_t uid, std::unique_ptr<Step> step) {
    if (is_stopped)
        return;
    auto& own = steps[uid];
    if (own.empty())
        order.push_back(uid);
    own.push_back(std::move(step));
    schedule();
}

void Turns::Queue::schedule() {
    if (std::exchange(is_turn_due, true))
        return;
    const auto now = Clock::now();
    credit = std::min(most_credit, credit + (now - counted) / parts);
    counted = now;
    if (credit > 0ns) {
        asio::post(loop, [self = shared_from_this()] { self->take_turn(); });
        return;
    }
    rest->expires_at(now + (least_credit - credit) * parts);
    rest->async_wait([self = shared_from_this()](std::error_code error) {
        if (!error)
            self->take_turn();
    });
}

void Turns::Queue::take_turn() {
    is_turn_due = false;
    if (is_stopped || order.empty())
        return;
    const auto own = steps.find(order.front());
    order.pop_front();
    const auto step = std::move(own->second.front());
    own->second.pop_front();
    if (own->second.empty())
        steps.erase(own);
    else
        order.push_back(own->first);
    const auto begun = Clock::now();
    const auto account = [&] {
        credit -= Clock::now() - begun;
        if (!order.empty())
            schedule();
    };
    try {
        step->take();
    } catch (...) {
        account();
        throw;
    }
    account();
}

void Turns::Queue::stop() {
    is_stopped = true;
    rest.reset();
    order.clear();
    const auto dropped = std::exchange(steps, {}); // may want to add some more
}

Turns::Turns(const asio::any_io_executor& loop) : queue_{std::make_shared<Queue>(loop)} {}

Turns::~Turns() {
    queue_->stop();
}

} // namespace solo
