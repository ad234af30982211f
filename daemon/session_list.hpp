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

/// The sessions that a List call asks for, oldest first, taken in small steps, so that nobody waits for a
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

    /// Takes a step; the next session if that has come to one. Not to be called once it is_over().
    std::optional<Session> step();

    /// Whether all have been given, or the store cannot be read (problem()).
    [[nodiscard]] bool is_over() const { return is_over_; }

    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    void seek();
    [[nodiscard]] std::vector<SessionId> newest_live(SessionId& from) const;
    void add_newest_ended(std::vector<SessionId>& ids, SessionId& from);
    void begin_after(const SessionId& id);
    void read_live();
    [[nodiscard]] SessionId bound() const;
    [[nodiscard]] bool has_more_ended() const { return read_to_ < bound(); }
    void read_page();

    const Slots& slots_;
    Store& store_;
    Wanted wanted_;
    std::optional<std::int64_t> sought_;       ///< how many more to go back to find the first one to give
    SessionId sought_before_;                  ///< those that are not older have been counted
    SessionId first_ = IdRange::greatest_id(); ///< the oldest one that has been counted
    std::deque<Session> live_;                 ///< those that are not over
    SessionId live_after_;                     ///< the last one read from the slots
    SessionId last_;                           ///< of those that are not over, the newest when the list began
    bool has_more_live_ = true;                ///< whether the slots may have more
    std::deque<Session> page_;                 ///< ended ones
    SessionId after_;                          ///< what is before this has been read from the store
    SessionId read_to_;                        ///< up to here there are no more in the store
    bool is_over_ = false;
    std::string problem_;
};

} // namespace solo
