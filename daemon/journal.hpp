// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/unique_fd.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace solo {

/// One field of an entry. The name is of capitals, digits and underscores; the value is any bytes.
struct JournalField {
    std::string_view name;
    std::string value;
};

/// An entry as journald takes it (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/). A value with a line break
/// goes with its length, so that no value can pass for another field.
std::string journal_entry(std::span<const JournalField> fields);

/// Where systemd-journald listens.
///
/// sd_journal_sendv(3) waits where journald does not read, and the event loop must not: here an entry that
/// is not taken at once waits in memory, in order, and one that finds no room there is lost and counted.
class Journal {
public:
    static constexpr std::size_t most_waiting = 10'000;

    explicit Journal(std::string path = "/run/systemd/journal/socket") : path_{std::move(path)} {}

    /// False where there is no journald, or it never takes this one: say it elsewhere. Never waits.
    [[nodiscard]] bool send(std::string entry);

    /// Sends what waits, as far as journald takes it now. False where some of it waits on.
    bool send_waiting();

    /// Called when the first entry begins to wait; send_waiting() is to be called in a while.
    void on_waiting(std::function<void()> callback) { on_waiting_ = std::move(callback); }

    /// How many entries were lost.
    [[nodiscard]] std::int64_t lost() const { return lost_; }

private:
    enum class Sent : std::uint8_t { yes, not_now, never };

    Sent attempt(std::string_view entry);

    std::string path_;
    protocol::UniqueFd socket_;
    std::deque<std::string> waiting_;
    std::function<void()> on_waiting_;
    std::int64_t lost_ = 0;
};

} // namespace solo
