// SPDX-License-Identifier: MIT
#include "daemon/store.hpp"

#include "daemon/schema.hpp"
#include "daemon/store_aside.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <sstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo {

namespace {

namespace fs = std::filesystem;

constexpr const char* columns = "id, account, uid, state, reason, service, tty, rhost, ruser, leader_pid, "
                                "leader_start, slot, opened, ended, "
                                "superseded_by, nonce, line_inode, audit_session, logind_session, share, "
                                "expires, lease_ttl, lease_opener, lease_lapses, gids";

/// In pages, 4 MB. Until then the log is kept, and who writes waits for the disk once in all that time; a
/// start reads all of it.
constexpr int kept_at_most = 1024;

/// A database that cannot be used and will not get better: not one of ours, or damaged.
class Unusable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

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

template<class T>
void bind_number(SQLite::Statement& statement, int index, const std::optional<T>& value) {
    if (value)
        statement.bind(index, static_cast<std::int64_t>(*value));
    else
        statement.bind(index);
}

/// Not copied; NULL where there is none.
void bind_text(SQLite::Statement& statement, int index, const std::string* text) {
    if (text != nullptr)
        statement.bindNoCopy(index, *text);
    else
        statement.bind(index);
}

void bind_text(SQLite::Statement& statement, int index, const std::optional<std::string>& text) {
    bind_text(statement, index, text ? &*text : nullptr);
}

template<protocol::WireEnum T>
void bind_name(SQLite::Statement& statement, int index, T value) {
    statement.bindNoCopy(index, protocol::name_of(value).data()); // a literal
}

template<protocol::WireEnum T>
void bind_name(SQLite::Statement& statement, int index, const std::optional<T>& value) {
    if (value)
        bind_name(statement, index, *value);
    else
        statement.bind(index);
}

void bind_id(SQLite::Statement& statement, int index, const SessionId& id) {
    statement.bind(index, id.bytes.data(), static_cast<int>(id.bytes.size()));
}

void bind_id(SQLite::Statement& statement, int index, const std::optional<SessionId>& id) {
    if (id)
        bind_id(statement, index, *id);
    else
        statement.bind(index);
}

/// As numbers_of() reads them.
std::string text_of(const std::vector<std::uint32_t>& numbers) {
    return fmt::format("{}", fmt::join(numbers, " "));
}

std::optional<std::string> text_of(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional{column.getString()};
}

template<class T>
std::optional<T> number_of(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional{static_cast<T>(column.getInt64())};
}

SessionId id_of(const SQLite::Column& column) {
    SessionId id;
    if (column.size() != static_cast<int>(id.bytes.size()))
        throw Unusable{"a session's id has a wrong length"};
    std::memcpy(id.bytes.data(), column.getBlob(), id.bytes.size());
    return id;
}

template<protocol::WireEnum T>
T enum_of(const SQLite::Column& column) {
    T value{};
    if (!parse_value(column.getString(), value))
        throw Unusable{fmt::format("a session's {} is \"{}\"", column.getName(), column.getString())};
    return value;
}

std::vector<std::uint32_t> numbers_of(const SQLite::Column& column) {
    std::istringstream text{column.getString()};
    return {std::istream_iterator<std::uint32_t>{text}, {}};
}

/// Reads a row of `columns`.
Session session_of(SQLite::Statement& row) {
    Session session{.id = id_of(row.getColumn(0)),
                    .account = row.getColumn(1).getString(),
                    .uid = number_of<std::uint32_t>(row.getColumn(2)),
                    .gids = numbers_of(row.getColumn(24)),
                    .state = enum_of<State>(row.getColumn(3)),
                    .reason = std::nullopt,
                    .origin = {.service = row.getColumn(5).getString(),
                               .tty = text_of(row.getColumn(6)),
                               .rhost = text_of(row.getColumn(7)),
                               .ruser = text_of(row.getColumn(8))},
                    .leader = {.pid = row.getColumn(9).getInt(),
                               .start_time = static_cast<std::uint64_t>(row.getColumn(10).getInt64())},
                    .slot = number_of<int>(row.getColumn(11)),
                    .share = row.getColumn(19).getInt(),
                    .opened = row.getColumn(12).getInt64(),
                    .ended = number_of<std::int64_t>(row.getColumn(13)),
                    .superseded_by = std::nullopt,
                    .nonce = row.getColumn(15).getString(),
                    .traces = {.line_inode = number_of<std::uint64_t>(row.getColumn(16)),
                               .audit_session = number_of<std::uint32_t>(row.getColumn(17)),
                               .logind_session = text_of(row.getColumn(18))},
                    .expires = number_of<std::int64_t>(row.getColumn(20)),
                    .lease = std::nullopt};
    if (!row.getColumn(4).isNull())
        session.reason = enum_of<Reason>(row.getColumn(4));
    if (!row.getColumn(14).isNull())
        session.superseded_by = id_of(row.getColumn(14));
    if (!row.getColumn(21).isNull())
        session.lease = Lease{.ttl = std::chrono::milliseconds{row.getColumn(21).getInt64()},
                              .opened_by = row.getColumn(22).getUInt(),
                              .lapses = row.getColumn(23).getInt64()};
    return session;
}

std::vector<Session> rows_of(SQLite::Statement& query) {
    std::vector<Session> sessions;
    while (query.executeStep())
        sessions.push_back(session_of(query));
    return sessions;
}

/// The WHERE clause for ended sessions of the range that match; each form has its own partial index. Where
/// both are given, that of the user is taken (the + keeps the other from it): nobody has somebody else's
/// history gone through.
std::string condition(const SessionFilter& filter) {
    return fmt::format("state = 'ended'{}{} AND id > :after AND id <= :up_to",
                       filter.uid ? " AND uid = :uid" : "",
                       !filter.account ? ""
                       : filter.uid    ? " AND +account = :account"
                                       : " AND account = :account");
}

void bind_condition(SQLite::Statement& query, const IdRange& range, const SessionFilter& filter) {
    const auto bind_id_as = [&](const char* name, const SessionId& id) {
        query.bind(name, id.bytes.data(), static_cast<int>(id.bytes.size()));
    };
    bind_id_as(":after", range.after);
    bind_id_as(":up_to", range.up_to);
    if (filter.account)
        query.bind(":account", *filter.account);
    if (filter.uid)
        query.bind(":uid", static_cast<std::int64_t>(*filter.uid));
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

/// Prepared once: what a login needs, and what is done beside logins all the time. Texts are not copied: what
/// is saved outlives its statement's run, and nothing looks at them after it.
struct Store::Statements {
    Statements(SQLite::Database& database, std::int64_t boot_number)
        : boot{boot_number},
          insert{database,
                 fmt::format("INSERT INTO session (boot, {}) VALUES "
                             "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                             "ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
                             "reason = excluded.reason, ended = excluded.ended, "
                             "superseded_by = excluded.superseded_by, "
                             "line_inode = excluded.line_inode, audit_session = excluded.audit_session, "
                             "logind_session = excluded.logind_session, "
                             "lease_lapses = excluded.lease_lapses, gids = excluded.gids",
                             columns)},
          begin{database, "BEGIN IMMEDIATE"}, commit{database, "COMMIT"}, roll_back{database, "ROLLBACK"},
          insert_note{database, "INSERT OR REPLACE INTO account (name, uid, locked, superseded, by_service, "
                                "by_tty, by_rhost, by_ruser) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"},
          delete_note{database, "DELETE FROM account WHERE name = ?"},
          oldest{database, "SELECT id, state = 'ended' AND ended < ? FROM session "
                           "WHERE id > ? AND id < ? ORDER BY id LIMIT ?"},
          delete_session{database, "DELETE FROM session WHERE id = ?"} {}

    void save(const Session& session) {
        const std::string gids = text_of(session.gids);
        const auto& lease = session.lease;
        (void)insert.tryReset(); // it says again what went wrong the last time
        insert.bind(1, boot);
        bind_id(insert, 2, session.id);
        insert.bindNoCopy(3, session.account);
        bind_number(insert, 4, session.uid);
        bind_name(insert, 5, session.state);
        bind_name(insert, 6, session.reason);
        insert.bindNoCopy(7, session.origin.service);
        bind_text(insert, 8, session.origin.tty);
        bind_text(insert, 9, session.origin.rhost);
        bind_text(insert, 10, session.origin.ruser);
        insert.bind(11, session.leader.pid);
        insert.bind(12, static_cast<std::int64_t>(session.leader.start_time));
        bind_number(insert, 13, session.slot);
        insert.bind(14, session.opened);
        bind_number(insert, 15, session.ended);
        bind_id(insert, 16, session.superseded_by);
        insert.bindNoCopy(17, session.nonce);
        bind_number(insert, 18, session.traces.line_inode);
        bind_number(insert, 19, session.traces.audit_session);
        bind_text(insert, 20, session.traces.logind_session);
        insert.bind(21, session.share);
        bind_number(insert, 22, session.expires);
        bind_number(insert, 23, lease ? std::optional{lease->ttl.count()} : std::nullopt);
        bind_number(insert, 24, lease ? std::optional{lease->opened_by} : std::nullopt);
        bind_number(insert, 25, lease ? std::optional{lease->lapses} : std::nullopt);
        insert.bindNoCopy(26, gids);
        insert.exec();
    }

    void save(const AccountNote& note) {
        SQLite::Statement& statement = note.is_empty() ? delete_note : insert_note;
        (void)statement.tryReset();
        statement.bindNoCopy(1, note.account);
        if (note.is_empty()) {
            statement.exec();
            return;
        }
        const protocol::Origin by = note.superseded ? note.superseded->by : protocol::Origin{};
        bind_number(statement, 2, note.uid);
        bind_number(statement, 3, note.locked);
        bind_number(statement, 4, note.superseded ? std::optional{note.superseded->when} : std::nullopt);
        bind_text(statement, 5, note.superseded ? &by.service : nullptr);
        bind_text(statement, 6, by.tty ? &*by.tty : nullptr);
        bind_text(statement, 7, by.rhost ? &*by.rhost : nullptr);
        bind_text(statement, 8, by.ruser ? &*by.ruser : nullptr);
        statement.exec();
    }

    /// The first ids after this one, and of each whether it ended before that time. A session ends after its
    /// id was made, so that this looks at the oldest ids only, however many there are.
    std::vector<std::pair<SessionId, bool>> oldest_after(const SessionId& after, std::int64_t ended_before,
                                                         int count) {
        const Rewind at_end{oldest};
        oldest.bind(1, ended_before);
        bind_id(oldest, 2, after);
        bind_id(oldest, 3, SessionId::first_of(ended_before));
        oldest.bind(4, count);
        std::vector<std::pair<SessionId, bool>> found;
        while (oldest.executeStep())
            found.emplace_back(id_of(oldest.getColumn(0)), oldest.getColumn(1).getInt() != 0);
        return found;
    }

    void remove(const SessionId& id) {
        (void)delete_session.tryReset();
        bind_id(delete_session, 1, id);
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
    SQLite::Statement query{
        *database_,
        fmt::format("SELECT {} FROM session WHERE state <> 'ended' ORDER BY opened, id", columns)};
    return rows_of(query);
}

tl::expected<std::vector<AccountNote>, std::string> Store::notes() {
    return attempt([&] {
        SQLite::Statement query{*database_,
                                "SELECT name, uid, locked, superseded, by_service, by_tty, by_rhost, "
                                "by_ruser FROM account"};
        std::vector<AccountNote> notes;
        while (query.executeStep()) {
            AccountNote& note = notes.emplace_back();
            note.account = query.getColumn(0).getString();
            note.uid = number_of<std::uint32_t>(query.getColumn(1));
            note.locked = number_of<std::int64_t>(query.getColumn(2));
            if (!query.getColumn(3).isNull())
                note.superseded = {.by = {.service = query.getColumn(4).getString(),
                                          .tty = text_of(query.getColumn(5)),
                                          .rhost = text_of(query.getColumn(6)),
                                          .ruser = text_of(query.getColumn(7))},
                                   .when = query.getColumn(3).getInt64()};
        }
        return notes;
    });
}

tl::expected<std::optional<Session>, std::string> Store::find(const SessionId& id) {
    return attempt([&]() -> std::optional<Session> {
        SQLite::Statement query{*database_, fmt::format("SELECT {} FROM session WHERE id = ?", columns)};
        bind_id(query, 1, id);
        if (!query.executeStep())
            return std::nullopt;
        return session_of(query);
    });
}

tl::expected<std::vector<Session>, std::string> Store::ended(const IdRange& range,
                                                             const SessionFilter& filter, int count) {
    return attempt([&] {
        SQLite::Statement query{*database_,
                                fmt::format("SELECT {} FROM session WHERE {} ORDER BY id LIMIT :count",
                                            columns, condition(filter))};
        bind_condition(query, range, filter);
        query.bind(":count", count);
        return rows_of(query);
    });
}

tl::expected<std::vector<SessionId>, std::string>
Store::newest_ended(const IdRange& range, const SessionFilter& filter, int count) {
    return attempt([&] {
        SQLite::Statement query{
            *database_,
            fmt::format("SELECT id FROM session WHERE {} ORDER BY id DESC LIMIT :count", condition(filter))};
        bind_condition(query, range, filter);
        query.bind(":count", count);
        std::vector<SessionId> ids;
        while (query.executeStep())
            ids.push_back(id_of(query.getColumn(0)));
        return ids;
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

bool Store::is_file_lost() {
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
