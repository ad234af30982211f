// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/session.hpp"
#include "daemon/slots.hpp"
#include "daemon/store.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace solo {

/// The sessions that a List call asks for, oldest first, taken a page at a time, so that nobody waits for a
/// long list.
///
/// A session that ends while the list is read is given once all the same, one that begins then is not.
class SessionList {
public:
    struct Wanted {
        SessionFilter filter;
        bool with_ended = false;
        std::optional<std::int64_t> limit; ///< the newest so many
    };

    SessionList(const Slots& slots, Store& store, Wanted wanted);

    /// Nothing at the end, or where the store cannot be read (problem()).
    std::optional<Session> next();

    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void skip_to_newest(std::int64_t limit);
    std::int64_t skip_to_newest_live(std::int64_t limit);
    void read_live();
    [[nodiscard]] SessionId bound() const;
    [[nodiscard]] bool has_more_ended() const { return read_to_ < bound(); }
    void read_page();

    const Slots& slots_;
    Store& store_;
    Wanted wanted_;
    std::deque<Session> live_;  ///< those that are not over
    SessionId live_after_;      ///< the last one read from the slots
    SessionId last_;            ///< of those that are not over, the newest when the list began
    bool has_more_live_ = true; ///< whether the slots may have more
    std::deque<Session> page_;  ///< ended ones
    SessionId after_;           ///< what is before this has been read from the store
    SessionId read_to_;         ///< up to here there are no more in the store
    std::string problem_;
};

} // namespace solo
