// SPDX-License-Identifier: MIT
#include "daemon/store.hpp"

#include "daemon/schema.hpp"
#include "daemon/store_aside.hpp"
#include "daemon/store_rows.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo {

namespace {

namespace fs = std::filesystem;

/// In pages, 4 MB. Until then the log is kept, and who writes waits for the disk once in all that time; a
/// start reads all of it.
constexpr int kept_at_most = 1024;

/// That a statement makes no sense to the database (SQLITE_ERROR) means that a table or a column is missing.
bool is_damage(const SQLite::Exception& error) {
    const int code = error.getErrorCode();
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
}

/// Others are kept out by the directory already; the file is to be as it was made all the same.
void take_file(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return;
    if (status.st_uid != ::geteuid() && ::lchown(path.c_str(), ::geteuid(), ::getegid()) != 0)
        return;
    if ((status.st_mode & 07777U) != (S_IRUSR | S_IWUSR))
        (void)::chmod(path.c_str(), S_IRUSR | S_IWUSR);
}

/// Solo has neither triggers nor views: one that is there is not ours, and nothing of it is to run.
void forbid_foreign_code(sqlite3* database) {
    ::sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    ::sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

/// The WHERE clause for ended sessions of the range; each form has its own partial index. Where both are
/// given, that of the user is taken: nobody has somebody else's history gone through. The account is then
/// looked at here, because LIMIT does not count the rows that SQLite passes over.
std::string condition(const SessionFilter& filter) {
    return fmt::format("state = 'ended'{} AND id > :after AND id <= :up_to", filter.uid ? " AND uid = :uid"
                                                                             : filter.account
                                                                                 ? " AND account = :account"
                                                                                 : "");
}

void bind_condition(SQLite::Statement& query, const IdRange& range, const SessionFilter& filter) {
    const auto bind_id = [&](const char* name, const SessionId& id) {
        query.bind(name, id.bytes.data(), static_cast<int>(id.bytes.size()));
    };
    bind_id(":after", range.after);
    bind_id(":up_to", range.up_to);
    if (filter.uid)
        query.bind(":uid", static_cast<std::int64_t>(*filter.uid));
    else if (filter.account)
        query.bind(":account", *filter.account);
}

/// Ends what a statement reads, however its scope is left: it would keep the log from beginning anew.
class Rewind {
public:
    explicit Rewind(SQLite::Statement& statement) : statement_{statement} {}
    Rewind(const Rewind&) = delete;
    Rewind& operator=(const Rewind&) = delete;
    ~Rewind() { (void)statement_.tryReset(); }

private:
    SQLite::Statement& statement_;
};

} // namespace

/// Prepared once: what a login needs, and what is done beside logins all the time.
struct Store::Statements {
    Statements(SQLite::Database& database, std::int64_t boot_number)
        : boot{boot_number}, insert{database, insert_session_sql()}, begin{database, "BEGIN IMMEDIATE"},
          commit{database, "COMMIT"}, roll_back{database, "ROLLBACK"},
          insert_note{database, insert_note_sql()},
          delete_note{database, "DELETE FROM account WHERE name = ?"},
          oldest{database, "SELECT id, state = 'ended' AND ended < ? FROM session "
                           "WHERE id > ? AND id < ? ORDER BY id LIMIT ?"},
          delete_session{database, "DELETE FROM session WHERE id = ?"} {}

    void save(const Session& session) { write_session(insert, boot, session); }

    void save(const AccountNote& note) {
        if (!note.is_empty()) {
            write_note(insert_note, note);
            return;
        }
        Binder{delete_note}.add(note.account);
        delete_note.exec();
    }

    /// The first ids after this one, and of each whether it ended before that time. A session ends after its
    /// id was made, so that this looks at the oldest ids only, however many there are.
    std::vector<std::pair<SessionId, bool>> oldest_after(const SessionId& after, std::int64_t ended_before,
                                                         int count) {
        const Rewind at_end{oldest};
        Binder{oldest}.add(ended_before).add(after).add(SessionId::first_of(ended_before)).add(count);
        std::vector<std::pair<SessionId, bool>> found;
        while (oldest.executeStep()) {
            Row row{oldest};
            const auto id = row.get<SessionId>();
            found.emplace_back(id, row.get<bool>());
        }
        return found;
    }

    void remove(const SessionId& id) {
        Binder{delete_session}.add(id);
        delete_session.exec();
    }

    std::int64_t boot;
    SQLite::Statement insert;
    SQLite::Statement begin;
    SQLite::Statement commit;
    SQLite::Statement roll_back;
    SQLite::Statement insert_note;
    SQLite::Statement delete_note;
    SQLite::Statement oldest;
    SQLite::Statement delete_session;
};

/// SQLite::Transaction with statements that are prepared already: to parse BEGIN and COMMIT takes as long as
/// to write a record. Rolls back what is not committed.
class Store::Batch {
public:
    explicit Batch(Statements& statements) : statements_{statements} { run(statements_.begin); }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
        if (is_committed_)
            return;
        try {
            run(statements_.roll_back);
        } catch (const SQLite::Exception&) { // SQLite has rolled it back itself (disk full, I/O error)
        }
    }

    void commit() {
        run(statements_.commit);
        is_committed_ = true;
    }

private:
    static void run(SQLite::Statement& statement) {
        (void)statement.tryReset(); // it says again what went wrong the last time
        statement.exec();
        (void)statement.tryReset();
    }

    Statements& statements_;
    bool is_committed_ = false;
};

void Store::set_up_library() {
    ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); // nobody asks, and it takes a lock for each piece of memory
}

Store::Store(std::string path, Durability durability, std::string boot_id, std::string host)
    : path_{std::move(path)}, durability_{durability}, boot_id_{std::move(boot_id)}, host_{std::move(host)} {}

Store::~Store() = default;

template<class Work>
auto Store::attempt(Work work) -> tl::expected<decltype(work()), std::string> {
    try {
        if (!database_)
            connect();
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            return {};
        } else {
            return work();
        }
    } catch (const SQLite::Exception& error) {
        // Where the kernel has refused to unlock the log's index, SQLite waits for itself until the files are
        // closed.
        if (error.getErrorCode() == SQLITE_PROTOCOL)
            close();
        return tl::unexpected{fmt::format("{}: {}", path_, error.what())};
    } catch (const std::exception& error) {
        return tl::unexpected{fmt::format("{}: {}", path_, error.what())};
    }
}

/// What comes next opens it anew.
void Store::close() {
    kept_log_.reset();
    statements_.reset();
    database_.reset();
}

tl::expected<std::optional<MovedAside>, std::string> Store::open() {
    // For SQLite a page that cannot be read now (EIO) is a damaged one (SQLITE_IOERR_CORRUPTFS).
    const auto first = try_out();
    const auto second = first && *first ? try_out() : first;
    if (!second || !*second)
        return second.map([](const auto&) { return std::optional<MovedAside>{}; });
    std::optional moved{MovedAside{.path = move_aside(), .reason = **second}};
    return attempt([&] { return moved; });
}

/// Opens the database and reads from it. Why it cannot be used, where it cannot; or an error that may pass.
tl::expected<std::optional<std::string>, std::string> Store::try_out() {
    try {
        connect();
        const SQLite::Transaction trial{*database_}; // rolled back
        unfinished_of_this_boot(0);
        return std::nullopt;
    } catch (const Unusable& error) {
        return error.what();
    } catch (const SQLite::Exception& error) {
        if (is_damage(error))
            return error.what();
        return tl::unexpected{fmt::format("{}: {}", path_, error.what())};
    }
}

void Store::connect() {
    close();
    std::error_code ignored; // SQLite says that there is no place for a database
    fs::create_directories(fs::path{path_}.parent_path(), ignored);
    database_ = std::make_unique<SQLite::Database>(
        path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOFOLLOW | SQLite::OPEN_NOMUTEX,
        busy_timeout); // the event loop's thread is the only one that uses it
    try {
        forbid_foreign_code(database_->getHandle());
        take_file(path_);
        database_->exec(
            "PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;");
        database_->exec(durability_ == Durability::commit ? "PRAGMA synchronous = FULL"
                                                          : "PRAGMA synchronous = NORMAL");
        ::sqlite3_wal_hook(
            database_->getHandle(),
            [](void* log_pages, sqlite3* /*database*/, const char* /*name*/, int pages) {
                *static_cast<int*>(log_pages) = pages;
                return SQLITE_OK;
            },
            &log_pages_);
        migrate();
        SQLite::Statement boot{*database_, "INSERT INTO boot (boot_id, host) VALUES (?, ?) "
                                           "ON CONFLICT (boot_id) DO UPDATE SET host = excluded.host "
                                           "RETURNING number"};
        boot.bind(1, boot_id_);
        boot.bind(2, host_);
        boot.executeStep();
        const std::int64_t number = boot.getColumn(0);
        boot.reset();
        statements_ = std::make_unique<Statements>(*database_, number);
    } catch (...) {
        close();
        throw;
    }
}

void Store::migrate() {
    const int version = database_->execAndGet("PRAGMA user_version");
    if (version < 0 || version > static_cast<int>(migrations.size()))
        throw Unusable{
            fmt::format("its schema has version {}, this solod knows {}", version, migrations.size())};
    if (version == static_cast<int>(migrations.size()))
        return;
    SQLite::Transaction transaction{*database_};
    for (auto step = static_cast<std::size_t>(version); step < migrations.size(); ++step)
        database_->exec(migrations[step]);
    database_->exec(fmt::format("PRAGMA user_version = {}", migrations.size()));
    transaction.commit();
}

/// Renames the database and its log; the new name.
std::string Store::move_aside() {
    close();
    const std::string aside = fmt::format("{}.damaged-{}", path_, std::time(nullptr));
    std::error_code ignored;
    fs::rename(path_, aside, ignored);
    fs::rename(path_ + "-wal", aside + "-wal", ignored);
    fs::remove(path_ + "-shm", ignored);
    return aside;
}

tl::expected<void, SaveError> Store::save(std::span<const Session> sessions,
                                          std::span<const AccountNote> notes) {
    auto saved = try_save(sessions, notes);
    if (saved || saved.error().is_conflict || !kept_log_)
        return saved;
    kept_log_.reset(); // a log that begins anew has room on a full disk; or somebody waits for the reader
    return try_save(sessions, notes);
}

tl::expected<void, SaveError> Store::try_save(std::span<const Session> sessions,
                                              std::span<const AccountNote> notes) {
    bool is_conflict = false;
    auto saved = attempt([&] {
        Batch batch{*statements_};
        try {
            for (const Session& session : sessions)
                statements_->save(session);
            for (const AccountNote& note : notes)
                statements_->save(note);
        } catch (const SQLite::Exception& error) {
            is_conflict = error.getErrorCode() == SQLITE_CONSTRAINT;
            throw;
        }
        batch.commit();
    });
    if (!saved)
        return tl::unexpected{SaveError{std::move(saved.error()), is_conflict}};
    return {};
}

tl::expected<std::vector<Session>, std::string> Store::recover(std::int64_t now) {
    return attempt([&] { return unfinished_of_this_boot(now); });
}

/// Closes those of other boots first.
std::vector<Session> Store::unfinished_of_this_boot(std::int64_t now) {
    SQLite::Statement close{*database_, "UPDATE session SET state = 'ended', reason = 'rebooted', ended = ? "
                                        "WHERE state <> 'ended' AND boot <> ?"};
    close.bind(1, now);
    close.bind(2, statements_->boot);
    close.exec();
    SQLite::Statement query{*database_, select_sessions_sql("state <> 'ended' ORDER BY opened, id")};
    return read_sessions(query);
}

tl::expected<std::vector<AccountNote>, std::string> Store::notes() {
    return attempt([&] {
        SQLite::Statement query{*database_, select_notes_sql()};
        return read_notes(query);
    });
}

tl::expected<std::optional<Session>, std::string> Store::find(const SessionId& id) {
    return attempt([&]() -> std::optional<Session> {
        SQLite::Statement query{*database_, select_sessions_sql("id = ?")};
        Binder{query}.add(id);
        auto found = read_sessions(query);
        return found.empty() ? std::nullopt : std::optional{std::move(found.front())};
    });
}

tl::expected<Page<Session>, std::string> Store::ended(const IdRange& range, const SessionFilter& filter,
                                                      int count) {
    return attempt([&] {
        SQLite::Statement query{*database_,
                                select_sessions_sql(condition(filter) + " ORDER BY id LIMIT :count")};
        bind_condition(query, range, filter);
        query.bind(":count", count);
        Page<Session> page{.found = read_sessions(query), .last = std::nullopt};
        if (std::cmp_equal(page.found.size(), count))
            page.last = page.found.back().id;
        std::erase_if(page.found, [&](const Session& session) { return !filter.matches(session); });
        return page;
    });
}

tl::expected<Page<SessionId>, std::string> Store::newest_ended(const IdRange& range,
                                                               const SessionFilter& filter, int count) {
    return attempt([&] {
        SQLite::Statement query{
            *database_, fmt::format("SELECT id, {} FROM session WHERE {} ORDER BY id DESC LIMIT :count",
                                    filter.account ? "account" : "''", condition(filter))};
        bind_condition(query, range, filter);
        query.bind(":count", count);
        Page<SessionId> page;
        int looked_at = 0;
        for (; query.executeStep(); ++looked_at) {
            Row row{query};
            const auto id = row.get<SessionId>();
            page.last = id;
            if (!filter.account || row.get<std::string>() == *filter.account)
                page.found.push_back(id);
        }
        if (looked_at < count)
            page.last.reset();
        return page;
    });
}

tl::expected<Eviction, std::string> Store::evict(std::int64_t ended_before, const SessionId& after,
                                                 int count) {
    return attempt([&]() -> Eviction {
        const auto looked_at = statements_->oldest_after(after, ended_before, count);
        std::vector<SessionId> old;
        for (const auto& [id, is_old] : looked_at)
            if (is_old)
                old.push_back(id);
        delete_sessions(old);
        Eviction done{.evicted = static_cast<int>(old.size()), .after = std::nullopt};
        if (std::cmp_equal(looked_at.size(), count))
            done.after = looked_at.back().first;
        return done;
    });
}

void Store::delete_sessions(const std::vector<SessionId>& ids) {
    if (ids.empty())
        return;
    Batch batch{*statements_};
    for (const SessionId& id : ids)
        statements_->remove(id);
    batch.commit();
}

bool Store::is_file_moved() const {
    int is_moved = 0;
    if (database_)
        ::sqlite3_file_control(database_->getHandle(), "main", SQLITE_FCNTL_HAS_MOVED, &is_moved);
    return is_moved != 0;
}

bool Store::close_if_lost() {
    if (!is_file_moved())
        return false;
    close();
    return true;
}

tl::expected<void, std::string> Store::keep_log() {
    if (!database_ || is_file_moved() || log_pages_ >= kept_at_most) {
        kept_log_.reset();
        return {};
    }
    auto kept = attempt([&] {
        if (kept_log_)
            kept_log_->renew();
        else
            kept_log_ = std::make_unique<KeptLog>(path_);
    });
    if (!kept)
        kept_log_.reset();
    return kept;
}

tl::expected<void, std::string> Store::checkpoint() {
    kept_log_.reset();
    return attempt([&] { database_->exec("PRAGMA wal_checkpoint(PASSIVE)"); });
}

std::int64_t Store::size() const {
    std::int64_t bytes = 0;
    for (const char* const suffix : {"", "-wal"}) {
        std::error_code missing;
        const auto size = fs::file_size(path_ + suffix, missing);
        bytes += missing ? 0 : static_cast<std::int64_t>(size);
    }
    return bytes;
}

} // namespace solo
