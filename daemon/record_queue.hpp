// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/store.hpp"
#include "daemon/work_thread.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>
#include <tl/expected.hpp>

namespace solo {

/// Records on their way to the store. Where the disk fails they wait here and are written when it is back:
/// who holds a slot is decided in memory, so logins go on meanwhile.
class RecordQueue {
public:
    /// `degraded` is told the reason when writing begins to fail and nothing (empty) when it works again.
    using Degraded = std::function<void(const std::string&)>;

    RecordQueue(asio::any_io_executor executor, Store& store, Degraded degraded);

    void add(const Session& session);
    void add(const AccountNote& note);

    /// Whether what was written is gone with the database's file: then all that lives has to be added again.
    bool has_lost_records();

    /// Writes what is queued, in one transaction. Afterwards all of it is on record, or kept for later
    /// (degraded), or refused().
    void write();

    /// The same on behalf of a login that waits for it. Where the disk fails and much waits already, nothing
    /// is tried before the time has come: it would take longer with each login.
    void write_now_or_in_turn();

    /// Writes what is queued after a moment, or with the next write().
    void write_soon();

    /// Somebody else has written to the store: its log is moved into the database soon.
    void schedule_checkpoint();

    /// A session as its last record says, also where that waits for the disk.
    tl::expected<std::optional<Session>, std::string> find(const SessionId& id);

    /// Whether the log is being moved. It begins anew by itself where all of it could be, so who can wait
    /// does.
    [[nodiscard]] bool is_checkpoint_running() const { return is_checkpoint_running_; }

    /// Whether the database itself refused this session in the last write(): its slot is taken there.
    [[nodiscard]] bool refused(const SessionId& id) const { return refused_.contains(id); }

    /// How many records wait for a disk that fails.
    [[nodiscard]] std::size_t waiting() const { return problem_.empty() ? 0 : queue_.size() + notes_.size(); }

    [[nodiscard]] Store& store() { return store_; }

    /// Why records cannot be written now; empty where they can.
    [[nodiscard]] const std::string& problem() const { return problem_; }

private:
    tl::expected<void, SaveError> write_one_by_one();
    void set_problem(std::string problem);
    void schedule_write(std::chrono::milliseconds pause);
    void checkpoint_done(const tl::expected<int, std::string>& pages);

    Store& store_;
    Degraded degraded_;
    std::vector<Session> queue_;
    std::unordered_map<SessionId, std::size_t> places_; ///< of the sessions in queue_
    std::vector<AccountNote> notes_;
    std::unordered_set<SessionId> refused_;
    std::string problem_;
    asio::steady_timer next_write_;
    asio::steady_timer checkpoint_;
    WorkThread checkpoints_;
    bool is_write_due_ = false;
    bool is_checkpoint_due_ = false;
    bool is_checkpoint_running_ = false;
};

} // namespace solo
