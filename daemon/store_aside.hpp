// SPDX-License-Identifier: MIT
// What is done with the database beside its Store, over a connection of its own, so that another thread may.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

namespace SQLite {
class Database;
} // namespace SQLite

namespace solo {

/// The database as it is at a moment, while a Store writes on: over a connection of its own, so that any
/// thread may read it, one at a time.
class HistorySnapshot {
public:
    static tl::expected<HistorySnapshot, std::string> take(const std::string& path);
    HistorySnapshot(HistorySnapshot&& other) noexcept;
    HistorySnapshot& operator=(HistorySnapshot&& other) noexcept;
    ~HistorySnapshot();

    /// How many records of ended sessions there are. Goes over all of them.
    [[nodiscard]] tl::expected<std::int64_t, std::string> count_ended() const;

private:
    explicit HistorySnapshot(std::unique_ptr<SQLite::Database> database);

    std::unique_ptr<SQLite::Database> database_;
};

/// Keeps the write-ahead log of a database from beginning anew, as long as this lives: who writes goes on
/// behind what is there, also where a checkpoint has moved all of it into the database. Who writes first into
/// a log that begins anew waits for the disk (wal.c, sqlite3WalFrames syncs its header). Where nothing was
/// written since the last checkpoint it does not help.
class KeptLog {
public:
    /// What the log holds now a checkpoint may move. Throws SQLite::Exception.
    explicit KeptLog(const std::string& path);
    KeptLog(const KeptLog&) = delete;
    KeptLog& operator=(const KeptLog&) = delete;
    ~KeptLog();

    /// As when it was made, of what the log holds now.
    void renew();

private:
    std::unique_ptr<SQLite::Database> reader_;
};

/// Moves what the write-ahead log of this database holds into it, as far as that goes without waiting, while
/// a Store writes it: by a connection of its own, so that any thread may call this. How many pages the log
/// had; where nobody keeps it, it begins anew when all of them have been moved before the next one is
/// written.
tl::expected<int, std::string> checkpoint(const std::string& path);

} // namespace solo
