// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace solo {

/// Standard error as a log: whoever reads it may be slow, asleep or gone, and the event loop must not wait.
/// What is not taken at once waits in memory, in order, and a line that finds no room there is lost and
/// counted, as is all that waits when it can never be written. The descriptor is shared with others, so it is
/// not made non-blocking.
class StandardError {
public:
    /// In bytes.
    static constexpr std::size_t most_waiting = std::size_t{1} << 20;

    /// Takes whole lines, to be written together.
    void write(std::string_view lines);

    /// Writes what waits, as far as it is taken now. False where some of it waits on.
    bool write_waiting();

    /// Called when lines begin to wait; write_waiting() is to be called in a while.
    void on_waiting(std::function<void()> callback) { on_waiting_ = std::move(callback); }

    /// How many lines were lost.
    [[nodiscard]] std::int64_t lost() const { return lost_; }

private:
    std::string waiting_;
    std::function<void()> on_waiting_;
    std::int64_t lost_ = 0;
};

} // namespace solo
