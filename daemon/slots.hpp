// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/core/registry.hpp"
#include "daemon/process_handle.hpp"
#include "daemon/tty_notice.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace solo {

/// Who holds an account's slots, and the life of the sessions that hold them.
///
/// The one place where that is asked. This process answers it today (LocalSlots); for a fleet of hosts
/// something else may (etcd), and nothing but the implementation will know the difference. What decides or
/// waits (acquire, release, end) answers by callback; the rest is answered at once, of what is known here.
class Slots {
public:
    using Answered = std::function<void(const Answer&)>;
    using Ended = std::function<void(const Session&)>;

    /// Who waits until a session is over.
    struct Waiter {
        RequestId request = 0; ///< for stop_waiting()
        Ended ended = {};      ///< called when it is over
    };

    virtual ~Slots() = default;

    /// What acquire() would answer now. Changes nothing.
    [[nodiscard]] virtual Verdict look(const Claim& claim) const = 0;

    /// Decides a login and, when it is on record, calls `answered` once, from the event loop. A grant is the
    /// caller's from then on: it says confirm() or line_closed(). A lease has no leader and needs no
    /// confirm(): who does not want it any more says release().
    virtual void acquire(Claim claim, std::optional<ProcessHandle> leader, Answered answered) = 0;

    /// The login that waits for an answer has gone away. An answer that is on its way still comes.
    virtual void abandon(const std::string& account, RequestId request) = 0;

    /// The login program has its answer; `audit_session` as in Traces. Where it is not known, what has been
    /// learnt before stays.
    virtual void confirm(const SessionId& id, std::optional<std::uint32_t> audit_session) = 0;

    /// The login program says that the session is over; `ended`, where given, is called when that is on
    /// record. A session that is being ended is not over before it is gone, and nothing is called then.
    virtual void release(const SessionId& id, Ended ended) = 0;

    /// All descriptors of the login program's end of the line are closed.
    virtual void line_closed(const SessionId& id) = 0;

    /// A lease lasts its ttl from now on. When it lapses, in microseconds of CLOCK_BOOTTIME; nothing where
    /// there is no such lease (any more).
    virtual std::optional<std::int64_t> renew(const SessionId& id) = 0;

    /// Logins of an account that a contest has shut are decided again. False where none has.
    virtual bool unlock(const std::string& account) = 0;

    /// Ends a session and tells the waiter, if anybody waits, when it is over. Its terminals are shown
    /// `notice`. Where there is no such session, nothing happens and nothing is called.
    virtual void end(const SessionId& id, Reason reason, Notice notice, Waiter waiter) = 0;

    /// Who waits for the end of this session has gone away: it is forgotten.
    virtual void stop_waiting(const SessionId& id, RequestId request) = 0;

    /// A session that is not over; nothing where there is none.
    [[nodiscard]] virtual std::optional<Session> find(const SessionId& id) const = 0;

    /// Whether the session's login program serves other sessions too, so that it cannot be ended alone.
    [[nodiscard]] virtual bool shares_leader(const Session& session) const = 0;

    /// Up to `count` of the sessions that are not over, with a greater id, oldest first.
    [[nodiscard]] virtual std::vector<Session> sessions_after(const SessionId& id,
                                                              std::size_t count) const = 0;

    /// Up to `count` of them with a smaller id, newest first.
    [[nodiscard]] virtual std::vector<Session> sessions_before(const SessionId& id,
                                                               std::size_t count) const = 0;

    /// How many there are in each state.
    [[nodiscard]] virtual StateCounts count_by_state() const = 0;

protected:
    Slots() = default;
    Slots(const Slots&) = default;
    Slots& operator=(const Slots&) = default;
};

} // namespace solo
