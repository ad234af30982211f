// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/boot_timer.hpp"
#include "daemon/descriptor_store.hpp"
#include "daemon/events.hpp"
#include "daemon/leader_watch.hpp"
#include "daemon/limit_watch.hpp"
#include "daemon/logind.hpp"
#include "daemon/process_looks.hpp"
#include "daemon/record_queue.hpp"
#include "daemon/session_ender.hpp"
#include "daemon/slots.hpp"

#include <unordered_map>

#include <asio/any_io_executor.hpp>

namespace solo {

/// Slots answered by this process: carries out what the registry says, in the order in which it says it.
///
/// What is decided while one round of the event loop lasts is written in one transaction, and no answer
/// leaves and no session is touched before that is committed.
class LocalSlots final : public Slots {
public:
    /// All of it must outlive this. `policy` may change between calls.
    LocalSlots(asio::any_io_executor executor, RecordQueue& records, Events& events, const Policy& policy,
               DescriptorStore& kept, Logind& logind);

    /// Takes over the sessions that the records of an earlier run know, oldest first; those that are known
    /// already are left alone.
    void restore(std::vector<Session> sessions, std::vector<AccountNote> notes);

    /// Takes over a login that Solo has not granted, if its service is not ignored: it holds a slot, also
    /// where there are none left, unless it needs none.
    void adopt(Session session, const protocol::Account& account);

    /// A session of which this process is the leader; nothing where there is none.
    [[nodiscard]] std::optional<SessionId> find_led_by(const Process& leader) const {
        return registry_.find_led_by(leader);
    }

    /// logind's id of a session has become known.
    void learn(const SessionId& id, std::string logind_session);

    /// The sessions whose rules depend on groups that are not on record: there was no rule for a group when
    /// they were granted.
    [[nodiscard]] std::vector<SessionId> without_groups() const;

    /// The groups of a session's account have become known: the rules that they bring hold from now on.
    void learn_groups(const SessionId& id, const std::vector<std::uint32_t>& gids);

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
    /// A login that waits for its answer.
    struct Waiting {
        Answered answered;
        std::optional<ProcessHandle> leader;
        protocol::Account account;
        protocol::Origin origin;
        Rules rules;
    };

    [[nodiscard]] Rules rules_of(const Session& session) const;
    [[nodiscard]] bool may_be_inside(const Claim& claim) const;
    asio::awaitable<std::optional<std::uint64_t>> idle_hint(SessionId id, Logind::Clock::time_point deadline);
    void carry_out();
    void flush();
    void record_everything();
    void perform(const Record& record);
    void perform(const RecordNote& /*written already*/) {}
    void perform(Answer answer);
    static std::set<SessionId> left_behind(const std::vector<Session>& sessions,
                                           const std::map<SessionId, ProcessHandle>& leaders);
    void watch(const SessionId& id, ProcessHandle leader);
    [[nodiscard]] bool take_charge(const SessionId& id, std::optional<ProcessHandle> leader);
    void perform(const BeginEnding& order);
    void perform(const Contested& contest);
    void say_answer(const Answer& answer, const Waiting& waiting,
                    const std::optional<Session>& session) const;
    void publish(protocol::EventKind kind, const Session& session, std::string message = {}) const;
    [[nodiscard]] std::optional<SessionId> enclosing_session(const Process& process) const;

    asio::any_io_executor executor_;
    RecordQueue& records_;
    Events& events_;
    const Policy& policy_;
    DescriptorStore& kept_;
    Logind& logind_;
    Registry registry_;
    LeaderWatch leaders_;
    ProcessLooks looks_;
    SessionEnder ender_;
    BootTimer deadline_;
    LimitWatch limits_;
    Effects batch_;
    bool is_flush_due_ = false;
    std::unordered_map<RequestId, Waiting> waiting_;
    std::unordered_map<SessionId, Notice> notices_; ///< for sessions that end() is about to end
    std::unordered_multimap<SessionId, Waiter> ended_;
};

} // namespace solo
