// SPDX-License-Identifier: MIT
// How a program of the bench takes orders, so that the driver can interleave the rounds of many programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace solo::bench {

/// Nanoseconds that `work` takes.
template<class Work>
std::int64_t time_of(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::nanoseconds{std::chrono::steady_clock::now() - begin}.count();
}

/// For each line "N PAUSE" on standard input calls `once` N times, each after so many microseconds, and
/// prints on one line what each call returned, the nanoseconds that it took. Until the end of input; then 0.
/// What `once` prints is dropped. Where it throws, what was measured did not do what it should: says so on
/// standard error and returns 1.
int serve_rounds(const std::function<std::int64_t()>& once);

} // namespace solo::bench
