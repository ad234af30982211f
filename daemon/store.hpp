// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/config_value.hpp"
#include "daemon/core/session.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace SQLite {
class Database;
} // namespace SQLite

namespace solo {

class KeptLog;

/// Why records were not written.
struct SaveError {
    std::string text;
    bool is_conflict = false; ///< a record breaks a rule of the database: its slot is taken
};

/// Which sessions are asked for: all, or those that match what is set.
struct SessionFilter {
    std::optional<std::string> account;
    std::optional<std::uint32_t> uid;

    [[nodiscard]] bool matches(const Session& session) const {
        return (!account || session.account == *account) && (!uid || session.uid == uid);
    }
};

/// The ids greater than one, up to another and with it.
struct IdRange {
    SessionId after;
    SessionId up_to = greatest_id();

    [[nodiscard]] static SessionId greatest_id() {
        SessionId id;
        id.bytes.fill(0xff);
        return id;
    }
};

/// What a look at some of the ended sessions has found.
template<class Found>
struct Page {
    std::vector<Found> found;
    /// The last one looked at, where there may be more behind it; it need not match.
    std::optional<SessionId> last;
};

/// What one step of an eviction has done.
struct Eviction {
    int evicted = 0; ///< how many records are gone
    /// Where the next step begins; none where there is nothing left to look at.
    std::optional<SessionId> after;
};

/// A database that could not be used.
struct MovedAside {
    std::string path; ///< where it is now
    std::string reason;
};

/// The sessions' records in one SQLite file. This and store_aside are the only files that know SQL.
///
/// Where the database cannot be opened or written, calls fail with a sentence that says why, and the next
/// call tries again; nothing here throws. Blocks for the time of the disk.
class Store {
public:
    /// How long to wait for a reader from outside (an administrator's sqlite3), in milliseconds.
    static constexpr int busy_timeout = 1000;

    /// Sets SQLite up for this process. To be called once, before anything else uses it.
    static void set_up_library();

    /// Does not open anything yet. The records carry the host's name and the running boot's id.
    Store(std::string path, Durability durability, std::string boot_id, std::string host);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Opens the database, or makes it and its directory. One that is of a newer version, or damaged so that
    /// recover() would fail, is moved aside and made anew; then the reply says so.
    tl::expected<std::optional<MovedAside>, std::string> open();

    /// Writes the records, each new or changed, in one transaction and in their order. Once it has returned
    /// without an error they are on record.
    tl::expected<void, SaveError> save(std::span<const Session> sessions,
                                       std::span<const AccountNote> notes = {});

    /// Records that are not ended, of this boot, oldest first. Those of other boots are closed as rebooted
    /// first.
    tl::expected<std::vector<Session>, std::string> recover(std::int64_t now);

    /// What is remembered of accounts.
    tl::expected<std::vector<AccountNote>, std::string> notes();

    tl::expected<std::optional<Session>, std::string> find(const SessionId& id);

    /// Ended sessions with ids of this range, oldest first. Looks at up to `count` records, also where few of
    /// a user's own are of the account.
    tl::expected<Page<Session>, std::string> ended(const IdRange& range, const SessionFilter& filter,
                                                   int count);

    /// The ids of such sessions, newest first.
    tl::expected<Page<SessionId>, std::string> newest_ended(const IdRange& range, const SessionFilter& filter,
                                                            int count);

    /// Deletes what ended before this time (microseconds since the Unix epoch), in one transaction. Looks at
    /// up to `count` records with an id greater than `after`, oldest first, and at none that was made later.
    tl::expected<Eviction, std::string> evict(std::int64_t ended_before, const SessionId& after, int count);

    /// Closes the database where somebody has removed or replaced its file under us, so that nobody would
    /// find what is written; true then. The next call opens whatever is in its place.
    bool close_if_lost();

    /// To be called before a checkpoint from beside (store_aside.hpp): then who writes next need not wait for
    /// the disk, unless the log has grown long and is to begin anew.
    tl::expected<void, std::string> keep_log();

    /// Moves what the write-ahead log holds into the database, as far as that goes without waiting, and keeps
    /// the log no longer.
    tl::expected<void, std::string> checkpoint();

    [[nodiscard]] const std::string& path() const { return path_; }

    /// Bytes on disk, with what waits in the write-ahead log.
    [[nodiscard]] std::int64_t size() const;

private:
    struct Statements;
    class Batch;

    tl::expected<void, SaveError> try_save(std::span<const Session> sessions,
                                           std::span<const AccountNote> notes);
    template<class Work>
    auto attempt(Work work) -> tl::expected<decltype(work()), std::string>;
    tl::expected<std::optional<std::string>, std::string> try_out();
    void connect();
    void close();
    [[nodiscard]] bool is_file_moved() const;
    void migrate();
    std::vector<Session> unfinished_of_this_boot(std::int64_t now);
    void delete_sessions(const std::vector<SessionId>& ids);
    std::string move_aside();

    std::string path_;
    Durability durability_;
    std::string boot_id_;
    std::string host_;
    std::unique_ptr<SQLite::Database> database_;
    std::unique_ptr<Statements> statements_;
    std::unique_ptr<KeptLog> kept_log_;
    int log_pages_ = 0; ///< how long the log was after the last commit
};

} // namespace solo
