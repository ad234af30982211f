// SPDX-License-Identifier: MIT
#include "daemon/core/idle.hpp"

#include <algorithm>

namespace solo {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

std::int64_t microseconds_of(milliseconds time) {
    return std::chrono::microseconds{time}.count();
}

/// For how long input on a terminal may still go unnoticed, in microseconds. The kernel writes down the time
/// of input only where that differs in more than the last three bits of its seconds (drivers/tty/tty_io.c,
/// tty_update_time).
std::int64_t unnoticed(std::int64_t input, std::int64_t wall) {
    constexpr std::int64_t second = 1'000'000;
    const std::int64_t window = input / second | 7;
    return (wall / second | 7) == window ? (window + 1) * second - wall : 0;
}

} // namespace

milliseconds notice_time(milliseconds limit) {
    return std::min<milliseconds>(1min, limit / 2);
}

IdleClock::Due IdleClock::look(const Inputs& inputs, const Now& now) {
    std::int64_t window = 0;
    for (const auto& [terminal, input] : inputs)
        window = std::max(window, unnoticed(input, now.wall));
    if (inputs.empty() || inputs != inputs_ || window > 0)
        begin_anew(now.boot + window);
    inputs_ = inputs;
    hint_.reset();
    return due(now);
}

IdleClock::Due IdleClock::look(std::optional<std::uint64_t> hint, const Now& now) {
    if (!hint || hint != hint_)
        begin_anew(now.boot);
    inputs_.clear();
    hint_ = hint;
    return due(now);
}

void IdleClock::begin_anew(std::int64_t when) {
    active_ = when;
    told_.reset();
}

IdleClock::Due IdleClock::due(const Now& now) {
    if (now.boot < next_due())
        return Due::nothing;
    if (told_)
        return Due::end;
    told_ = now.boot;
    return Due::notice;
}

/// When the notice is due, or the end: of a host that slept through the notice the person is told first.
std::int64_t IdleClock::next_due() const {
    const std::int64_t notice = microseconds_of(notice_time(timeout_));
    const std::int64_t end = active_ + microseconds_of(timeout_);
    return told_ ? std::max(end, *told_ + notice) : end - notice;
}

std::int64_t IdleClock::next_look(const Now& now) const {
    const std::int64_t spacing = microseconds_of(std::clamp<milliseconds>(timeout_ / 10, 1s, 1min));
    const std::int64_t together = (now.boot / spacing + 1) * spacing;
    const std::int64_t due = next_due();
    return due > now.boot ? std::min(due, together) : together;
}

milliseconds IdleClock::idle(const Now& now) const {
    return milliseconds{std::max<std::int64_t>(now.boot - active_, 0) / 1000};
}

} // namespace solo
