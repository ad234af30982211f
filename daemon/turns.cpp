// SPDX-License-Identifier: MIT
#include "daemon/turns.hpp"

#include <algorithm>

#include <sched.h>

namespace solo {

namespace {

using namespace std::chrono_literals;

/// The users' part of the time is one part in so many.
constexpr int parts = 5;

/// What may be spent at once after a while in which nothing was asked.
constexpr std::chrono::nanoseconds most_credit = 20ms;

/// How much to spend together before the next rest, where there is a debt: a timer costs something too.
constexpr std::chrono::nanoseconds least_credit = 100us;

/// How long a turn waits where something else is always ready.
constexpr std::chrono::nanoseconds longest_wait = 1ms;

/// Whose time is not counted.
constexpr uid_t root = 0;

} // namespace

Turns::Queue::Queue(asio::io_context& loop)
    : context{loop}, rest{std::make_unique<asio::steady_timer>(loop)}, credit{most_credit},
      counted{Clock::now()} {}

void Turns::Queue::add(uid_t uid, std::unique_ptr<Step> step) {
    if (is_stopped)
        return;
    if (!work)
        work.emplace(context.get_executor());
    auto& own = steps[uid];
    if (own.empty())
        order.push_back(uid);
    own.push_back(std::move(step));
    ++added;
}

/// Whether somebody may have a turn now. If only a rest keeps it from that, a timer wakes the loop then.
bool Turns::Queue::is_turn_due() {
    if (order.empty())
        return false;
    const auto now = Clock::now();
    credit = std::min(most_credit, credit + (now - counted) / parts);
    counted = now;
    if (credit > 0ns || steps.contains(root))
        return true;
    if (std::exchange(is_resting, true))
        return false;
    rest->expires_at(now + (least_credit - credit) * parts);
    rest->async_wait([self = shared_from_this()](std::error_code /*error*/) { self->is_resting = false; });
    return false;
}

/// Takes the turn of somebody who is due.
void Turns::Queue::take_turn() {
    const auto next = credit > 0ns ? order.begin() : std::ranges::find(order, root);
    const auto own = steps.find(*next);
    const uid_t uid = own->first;
    order.erase(next);
    const auto step = std::move(own->second.front());
    own->second.pop_front();
    if (own->second.empty())
        steps.erase(own);
    else
        order.push_back(uid);
    const auto begun = Clock::now();
    const auto account = [&] {
        if (uid != root)
            credit -= Clock::now() - begun;
        if (order.empty())
            work.reset();
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
    work.reset();
    rest.reset();
    order.clear();
    const auto dropped = std::exchange(steps, {}); // may want to add some more
}

Turns::Turns(asio::io_context& loop) : loop_{loop}, queue_{std::make_shared<Queue>(loop)} {}

Turns::~Turns() {
    queue_->stop();
}

void Turns::run() {
    while (!loop_.stopped()) {
        poll();
        if (!loop_.stopped() && !queue_->is_turn_due())
            loop_.run_one();
    }
}

std::size_t Turns::poll() {
    std::size_t done = 0;
    bool is_anybody_answered = false;
    const auto end = Clock::now() + longest_wait;
    for (auto added = queue_->added; loop_.poll_one() != 0; added = queue_->added) {
        ++done;
        if (queue_->added == added) // else it waits for a turn now
            is_anybody_answered = true;
        if (Clock::now() >= end)
            break;
    }
    if (!loop_.stopped() && queue_->is_turn_due()) {
        if (is_anybody_answered)
            ::sched_yield(); // the kernel may have woken them for this processor
        queue_->take_turn();
        ++done;
    }
    return done;
}

} // namespace solo
