// SPDX-License-Identifier: MIT
#include "daemon/store_aside.hpp"

#include "daemon/store.hpp"

#include <algorithm>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <sqlite3.h>
#include <unistd.h>

namespace solo {

namespace {

/// How often a checkpoint goes on with what has been written during its last step, which is less each time.
constexpr int most_steps = 10;

/// A connection beside the store's. It never removes the log when it is closed: by then another database may
/// have the name.
std::unique_ptr<SQLite::Database> open_beside(const std::string& path) {
    auto database = std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW,
                                                       Store::busy_timeout);
    ::sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
}

} // namespace

HistorySnapshot::HistorySnapshot(std::unique_ptr<SQLite::Database> database)
    : database_{std::move(database)} {}
HistorySnapshot::HistorySnapshot(HistorySnapshot&&) noexcept = default;
HistorySnapshot& HistorySnapshot::operator=(HistorySnapshot&&) noexcept = default;
HistorySnapshot::~HistorySnapshot() = default;

tl::expected<HistorySnapshot, std::string> HistorySnapshot::take(const std::string& path) {
    try {
        HistorySnapshot snapshot{open_beside(path)};
        snapshot.database_->exec("BEGIN; SELECT 1 FROM session LIMIT 1"); // it begins with what is read first
        return snapshot;
    } catch (const std::exception& error) {
        return tl::unexpected{fmt::format("{}: {}", path, error.what())};
    }
}

tl::expected<std::int64_t, std::string> HistorySnapshot::count_ended() const {
    try {
        return database_->execAndGet("SELECT count(*) FROM session WHERE state = 'ended'").getInt64();
    } catch (const std::exception& error) {
        return tl::unexpected{fmt::format("{}: {}", database_->getFilename(), error.what())};
    }
}

KeptLog::KeptLog(const std::string& path) : reader_{open_beside(path)} {
    reader_->exec("BEGIN; PRAGMA user_version"); // it begins with what is read first
}

KeptLog::~KeptLog() = default;

void KeptLog::renew() {
    reader_->exec("COMMIT; BEGIN; PRAGMA user_version");
}

tl::expected<int, std::string> checkpoint(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0) // the store makes it anew
        return 0;
    try {
        const auto database = open_beside(path);
        SQLite::Statement step{*database, "PRAGMA wal_checkpoint(PASSIVE)"};
        int pages = 0;
        for (int before = -1, rest = most_steps; rest > 0 && pages != before; --rest) {
            before = pages;
            step.executeStep();
            pages = std::max(0, step.getColumn(1).getInt()); // -1 where another one is on its way
            step.reset();
        }
        return pages;
    } catch (const std::exception& error) {
        return tl::unexpected{fmt::format("{}: {}", path, error.what())};
    }
}

} // namespace solo
