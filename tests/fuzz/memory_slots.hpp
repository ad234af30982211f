// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/slots.hpp"

#include <map>
#include <unordered_map>

#include <asio/any_io_executor.hpp>

namespace solo::testing {

/// Slots without processes, records and timers: what the registry says is done at once, in memory. A session
/// that is to end is gone at once, but for those of the account "stuck".
class MemorySlots final : public Slots {
public:
    explicit MemorySlots(asio::any_io_executor loop) : loop_{std::move(loop)} {}

    [[nodiscard]] Verdict look(const Claim& claim) const override;
    void acquire(Claim claim, std::optional<ProcessHandle> leader, Answered answered) override;
    void abandon(const std::string& account, RequestId request) override;
    void confirm(const SessionId& id, std::optional<std::uint32_t> audit_session) override;
    void release(const SessionId& id, Ended ended) override;
    void line_closed(const SessionId& id) override;
    std::optional<std::int64_t> renew(const SessionId& id) override;
    bool unlock(const std::string& account) override;
    void end(const SessionId& id, Reason reason, Notice notice, Waiter waiter) override;
    void stop_waiting(const SessionId& id, RequestId request) override;
    [[nodiscard]] std::optional<Session> find(const SessionId& id) const override {
        return registry_.find(id);
    }
    [[nodiscard]] bool shares_leader(const Session& session) const override {
        return registry_.shares_leader(session);
    }
    [[nodiscard]] std::vector<Session> sessions_after(const SessionId& id, std::size_t count) const override {
        return registry_.sessions_after(id, count);
    }
    [[nodiscard]] std::vector<Session> sessions_before(const SessionId& id,
                                                       std::size_t count) const override {
        return registry_.sessions_before(id, count);
    }
    [[nodiscard]] StateCounts count_by_state() const override { return registry_.count_by_state(); }

private:
    void carry_out(Effects effects);

    asio::any_io_executor loop_;
    Registry registry_;
    std::unordered_map<RequestId, Answered> waiting_;
    std::unordered_multimap<SessionId, Waiter> ended_;
};

} // namespace solo::testing
