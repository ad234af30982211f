// SPDX-License-Identifier: MIT
#include "daemon/schema.hpp"
#include "daemon/store.hpp"
#include "daemon/store_aside.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"
#include "tests/unit/sessions.hpp"
#include "tests/unit/temp_dir.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::string_literals;

namespace {

/// All SQL that the stores of this program have run since the last clear().
std::vector<std::string>& statements() {
    static std::vector<std::string> all;
    return all;
}

int note_statement(unsigned /*event*/, void* /*context*/, void* statement, void* text) {
    // A comment stands for a trigger's statement (sqlite3.h, SQLITE_TRACE_STMT).
    if (std::string_view{static_cast<const char*>(text)}.starts_with("--"))
        return 0;
    char* const expanded = ::sqlite3_expanded_sql(static_cast<sqlite3_stmt*>(statement));
    statements().emplace_back(expanded != nullptr ? expanded : static_cast<const char*>(text));
    ::sqlite3_free(expanded);
    return 0;
}

/// Called for each database that is opened: a store's own connection is not to be had otherwise.
int trace(sqlite3* database, char** /*error*/, const sqlite3_api_routines* /*api*/) {
    ::sqlite3_trace_v2(database, SQLITE_TRACE_STMT, note_statement, nullptr);
    return SQLITE_OK;
}

std::int64_t count_ended(const std::string& path) {
    return must(must(HistorySnapshot::take(path)).count_ended());
}

/// Somebody else at the database: an administrator's sqlite3.
class Outsider {
public:
    explicit Outsider(const std::string& path) {
        if (::sqlite3_open(path.c_str(), &database_) != SQLITE_OK)
            throw std::runtime_error{path};
    }
    Outsider(const Outsider&) = delete;
    Outsider& operator=(const Outsider&) = delete;
    ~Outsider() { ::sqlite3_close(database_); }

    void run(const std::string& sql) const {
        if (::sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error{sql + ": " + ::sqlite3_errmsg(database_)};
    }

    /// A column of a query's rows, a line each.
    [[nodiscard]] std::string ask(const std::string& sql, int column = 0) const {
        sqlite3_stmt* statement = nullptr;
        if (::sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
            throw std::runtime_error{sql + ": " + ::sqlite3_errmsg(database_)};
        std::string text;
        while (::sqlite3_step(statement) == SQLITE_ROW) {
            const auto* const value = ::sqlite3_column_text(statement, column);
            text.append(text.empty() ? "" : "\n")
                .append(value == nullptr ? "" : reinterpret_cast<const char*>(value));
        }
        ::sqlite3_finalize(statement);
        return text;
    }

    [[nodiscard]] std::string plan(const std::string& sql) const {
        return ask("EXPLAIN QUERY PLAN " + sql, 3);
    }

private:
    sqlite3* database_ = nullptr;
};

/// A directory with a database, and the stores of solods that run one after the other.
struct Disk : TempDir {
    [[nodiscard]] std::string file() const { return path("sessions.db"); }
    [[nodiscard]] Store store(const std::string& boot = "boot-1",
                              Durability durability = Durability::interval) const {
        return Store{file(), durability, boot, "host"};
    }

    /// A database in which these are on record and nothing is left in the log.
    void record(const std::vector<Session>& sessions, const std::string& boot = "boot-1") const {
        Store writer = store(boot);
        must(writer.open());
        must(writer.save(sessions));
        must(writer.checkpoint());
    }

    /// Files that were moved aside.
    [[nodiscard]] std::vector<std::string> moved() const {
        std::vector<std::string> found;
        std::error_code missing;
        for (const auto& entry : std::filesystem::directory_iterator{path(), missing})
            if (entry.path().filename().native().starts_with("sessions.db.damaged-"))
                found.push_back(entry.path());
        return found;
    }
};

std::string numbers(const std::vector<Session>& sessions) {
    std::string text;
    for (const Session& session : sessions)
        text += (text.empty() ? "" : " ") + std::to_string(number_of(session.id));
    return text;
}

Session ended(int number, const std::string& account = "alice", std::uint32_t uid = 1000) {
    Session session = session_of(number, account);
    session.uid = uid;
    return over(session);
}

/// Opens the store, writes one session and finds it.
void expect_working(Store& store) {
    const Session session = session_of(77, "works");
    must(store.save(std::vector{session}));
    expect(must(store.find(session.id)).has_value(), "what was saved is found");
}

// Records.

void every_field_comes_back(void** /*state*/) {
    const Disk disk;
    const Session full = full_session(1);
    disk.record({full});
    Store store = disk.store();
    expect_same(must(store.find(full.id)).value(), full);
}

void what_is_not_set_comes_back_unset(void** /*state*/) {
    const Disk disk;
    Session bare = session_of(1);
    bare.uid.reset();
    bare.slot.reset();
    bare.origin = {.service = "x", .tty = {}, .rhost = {}, .ruser = {}};
    bare.traces = {};
    disk.record({bare});
    Store store = disk.store();
    expect_same(must(store.find(bare.id)).value(), bare);
}

void an_empty_text_is_not_an_unset_one(void** /*state*/) {
    const Disk disk;
    Session session = session_of(1);
    session.origin = {.service = "", .tty = "", .rhost = "", .ruser = ""};
    session.nonce = "";
    session.traces.logind_session = "";
    disk.record({session});
    Store store = disk.store();
    expect_same(must(store.find(session.id)).value(), session);
}

void the_largest_numbers_come_back(void** /*state*/) {
    const Disk disk;
    Session session = full_session(1);
    session.uid = 4'294'967'294U;
    session.leader = {.pid = INT32_MAX, .start_time = UINT64_MAX};
    session.slot = 9999;
    session.opened = INT64_MAX;
    session.ended = INT64_MIN;
    session.traces = {.line_inode = UINT64_MAX, .audit_session = UINT32_MAX - 1, .logind_session = {}};
    disk.record({session});
    Store store = disk.store();
    expect_same(must(store.find(session.id)).value(), session);
}

void texts_of_any_bytes_come_back(void** /*state*/) {
    const Disk disk;
    const std::string bytes = "a\0b\xff\xfe\x80'\"\n;--\x1b[2J"s;
    Session session = session_of(1, bytes);
    session.origin = {.service = bytes, .tty = bytes, .rhost = bytes, .ruser = bytes};
    session.nonce = bytes;
    session.traces.logind_session = bytes;
    disk.record({session, ended(2, bytes), ended(3, "a")});
    Store store = disk.store();
    expect_same(must(store.find(session.id)).value(), session);
    expect_same(must(store.recover(1)).at(0), session);
    expect_equal(numbers(must(store.ended({}, {.account = bytes, .uid = {}}, 9)).found), "2");
}

/// SQLite's own functions see a text up to its first NUL; the rule of one session for a slot must not.
void names_that_differ_behind_a_nul_are_two_accounts(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1, "a\0x"s), session_of(2, "a\0y"s), session_of(3, "a")});
    Store store = disk.store();
    expect_equal(numbers(must(store.recover(1))), "1 2 3");
}

void names_of_4096_bytes_come_back(void** /*state*/) {
    const Disk disk;
    Session session = session_of(1, std::string(4096, 'n'));
    session.origin.rhost = std::string(4096, 'h');
    disk.record({session});
    Store store = disk.store();
    expect_same(must(store.find(session.id)).value(), session);
}

void every_state_and_reason_comes_back(void** /*state*/) {
    const Disk disk;
    std::vector<Session> sessions;
    for (std::size_t i = 0; i < enum_names(Reason{}).size(); ++i) {
        Session session = session_of(static_cast<int>(i) + 10, std::to_string(i));
        session.reason = static_cast<Reason>(i);
        session.state = State::ending;
        sessions.push_back(session);
        session.id = id_of(static_cast<int>(i) + 40);
        sessions.push_back(over(session, static_cast<Reason>(i)));
    }
    sessions.push_back(session_of(1, "opening", State::opening));
    sessions.push_back(session_of(2, "active", State::active));
    disk.record(sessions);
    Store store = disk.store();
    for (const Session& session : sessions)
        expect_same(must(store.find(session.id)).value(), session);
}

void a_session_that_nobody_recorded_is_not_found(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    expect(!must(store.find(id_of(1))).has_value(), "nothing is found");
}

void a_second_record_changes_the_first(void** /*state*/) {
    const Disk disk;
    Session session = session_of(1, "alice", State::opening);
    session.traces = {};
    disk.record({session});
    Store store = disk.store();
    session.state = State::active;
    session.traces = {.line_inode = 5, .audit_session = 6, .logind_session = "7"};
    must(store.save(std::vector{session}));
    expect_same(must(store.find(session.id)).value(), session);
    session.superseded_by = id_of(2);
    session = over(session, Reason::superseded);
    must(store.save(std::vector{session}));
    expect_same(must(store.find(session.id)).value(), session);
}

// The rule.

void the_database_refuses_a_second_session_in_a_slot(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Store store = disk.store();
    for (const State state : {State::opening, State::active}) {
        const auto saved = store.save(std::vector{session_of(2, "alice", state)});
        expect(!saved, "the second is refused");
        expect(saved.error().is_conflict, "it is a conflict");
        expect_within(saved.error().text, disk.file());
        expect_within(saved.error().text, "UNIQUE");
    }
    expect_equal(numbers(must(store.recover(1))), "1");
}

void of_a_transaction_with_a_conflict_nothing_is_kept(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Store store = disk.store();
    const auto saved =
        store.save(std::vector{over(session_of(3, "bob")), session_of(4, "carol"), session_of(2)});
    expect(!saved && saved.error().is_conflict, "it is a conflict");
    expect_equal(count_ended(store.path()), 0);
    expect_equal(numbers(must(store.recover(1))), "1");
    expect_working(store);
}

void two_sessions_of_one_transaction_cannot_share_a_slot(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    const auto saved = store.save(std::vector{session_of(1), session_of(2)});
    expect(!saved && saved.error().is_conflict, "it is a conflict");
    expect(must(store.recover(1)).empty(), "none of them is kept");
}

void an_ending_session_holds_its_slot(void** /*state*/) {
    const Disk disk;
    Session ending = session_of(1, "alice", State::ending);
    ending.reason = Reason::superseded;
    disk.record({ending});
    Store store = disk.store();
    const auto saved = store.save(std::vector{session_of(2)});
    expect(!saved && saved.error().is_conflict, "it is a conflict");
}

void a_slot_is_free_when_its_session_is_ended(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Store store = disk.store();
    must(store.save(std::vector{over(session_of(1)), session_of(2)}));
    expect_equal(numbers(must(store.recover(1))), "2");
    must(store.save(std::vector{over(session_of(2))}));
    must(store.save(std::vector{session_of(3)}));
    expect_equal(numbers(must(store.recover(1))), "3");
}

void a_grant_written_before_the_end_of_the_holder_is_refused(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Store store = disk.store();
    const auto saved = store.save(std::vector{session_of(2), over(session_of(1))});
    expect(!saved && saved.error().is_conflict, "it is a conflict");
}

void other_slots_and_other_accounts_and_no_slot_do_not_conflict(void** /*state*/) {
    const Disk disk;
    Session second = session_of(2);
    second.slot = 1;
    Session exempt = session_of(3);
    exempt.slot.reset();
    Session also_exempt = session_of(4);
    also_exempt.slot.reset();
    disk.record(
        {session_of(1), second, exempt, also_exempt, session_of(5, "ALICE"), session_of(6, "alice ")});
    Store store = disk.store();
    expect_equal(numbers(must(store.recover(1))), "1 2 3 4 5 6");
}

void an_ended_session_without_an_end_is_refused(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    Session session = over(session_of(1));
    session.ended.reset();
    expect(!store.save(std::vector{session}), "the time of its end is missing");
    session = over(session_of(1));
    session.reason.reset();
    expect(!store.save(std::vector{session}), "the reason is missing");
}

void sessions_that_share_a_slot_need_places_of_their_own(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    Session second = session_of(2);
    second.share = 1;
    must(store.save(std::vector{session_of(1), second}));
    Session third = session_of(3);
    third.share = 1;
    const auto saved = store.save(std::vector{third});
    expect(!saved && saved.error().is_conflict, "its place is taken");
    must(store.save(std::vector{over(second), third}));
}

void a_renewal_changes_when_a_lease_lapses_and_nothing_else(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    Session lease = session_of(1);
    lease.leader = {};
    lease.expires = 90;
    lease.lease = Lease{.ttl = std::chrono::seconds{30}, .opened_by = 4'000'000'000, .lapses = 50};
    must(store.save(std::vector{lease}));
    lease.lease->lapses = 80;
    must(store.save(std::vector{lease}));
    expect_same(must(store.find(lease.id)).value(), lease);
    expect_same(must(disk.store().recover(1)).at(0), lease);
}

void half_a_lease_is_refused(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    for (const char* const half : {"lease_ttl = 1", "lease_opener = 1", "lease_lapses = 1",
                                   "lease_ttl = 1, lease_opener = 1", "lease_opener = 1, lease_lapses = 1"}) {
        try {
            Outsider{disk.file()}.run(std::string{"UPDATE session SET "} + half);
        } catch (const std::runtime_error& error) {
            expect_within(error.what(), "CHECK constraint failed");
            continue;
        }
        expect(false, half);
    }
}

// What is remembered of accounts.

void notes_come_back(void** /*state*/) {
    const Disk disk;
    AccountNote locked{.account = "bob", .uid = {}, .locked = 5, .superseded = {}};
    AccountNote superseded{
        .account = "carol",
        .uid = 1,
        .locked = {},
        .superseded = Supersession{.by = {.service = "gdm", .tty = {}, .rhost = {}, .ruser = {}}, .when = 7}};
    must(disk.store().save({}, std::vector{full_note(), locked, superseded}));
    expect_equal(text(must(disk.store().notes())),
                 "alice 1000 locked 123456 superseded 654321 by login tty1 ::1 bob\nbob - locked 5\n"
                 "carol 1 superseded 7 by gdm - - -");
}

void an_account_has_one_note_the_last(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    AccountNote note = full_note();
    must(store.save({}, std::vector{note}));
    note.superseded.reset();
    must(store.save({}, std::vector{note}));
    expect_equal(text(must(store.notes())), "alice 1000 locked 123456");
}

void an_empty_note_is_deleted(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.save({}, std::vector{full_note(), full_note("bob")}));
    must(store.save(
        {}, std::vector{AccountNote{.account = "alice", .uid = 1000, .locked = {}, .superseded = {}}}));
    expect_equal(text(must(store.notes())).substr(0, 4), "bob ");
    expect_equal(Outsider{disk.file()}.ask("SELECT count(*) FROM account"), "1");
}

void notes_outlive_a_reboot(void** /*state*/) {
    const Disk disk;
    must(disk.store("boot-1").save({}, std::vector{full_note()}));
    Store store = disk.store("boot-2");
    must(store.recover(1));
    expect_equal(must(store.notes()).size(), 1U);
}

void notes_are_written_with_the_sessions_or_not_at_all(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.save(std::vector{session_of(1)}));
    const auto saved = store.save(std::vector{session_of(2)}, std::vector{full_note()});
    expect(!saved && saved.error().is_conflict, "the slot is taken");
    expect(must(store.notes()).empty(), "nothing of the transaction is kept");
}

void names_of_any_bytes_have_notes(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    const std::string hostile = "'; DROP TABLE account; --\n\xff"s;
    must(store.save({}, std::vector{full_note(hostile), full_note("a\0b"s), full_note("a")}));
    must(store.save({}, std::vector{AccountNote{.account = "a", .uid = {}, .locked = {}, .superseded = {}}}));
    const auto notes = must(store.notes());
    expect_equal(notes.size(), 2U);
    for (const AccountNote& note : notes)
        expect(note.account == hostile || note.account == "a\0b"s, "each under its own name");
}

void a_new_database_is_of_the_newest_version(void** /*state*/) {
    const Disk disk;
    must(disk.store().open());
    const Outsider outsider{disk.file()};
    expect_equal(outsider.ask("PRAGMA user_version"), std::to_string(migrations.size()));
    must(disk.store().open()); // as it is
    expect_equal(outsider.ask("PRAGMA integrity_check"), "ok");
    expect(disk.moved().empty(), "nothing was wrong with it");
}

void a_save_is_one_transaction(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.open());
    statements().clear();
    must(store.save(std::vector{session_of(1, "a"), session_of(2, "b"), session_of(3, "c")}));
    expect_equal(statements().size(), 5U);
    expect_equal(statements().front(), "BEGIN IMMEDIATE");
    expect_equal(statements().back(), "COMMIT");
}

void durability_is_what_was_asked_for(void** /*state*/) {
    const auto ran = [](const std::string& sql) {
        return std::ranges::any_of(statements(),
                                   [&](const std::string& one) { return one.find(sql) != one.npos; });
    };
    const Disk disk;
    statements().clear();
    must(disk.store("boot-1", Durability::interval).open());
    expect(ran("synchronous = NORMAL") && !ran("synchronous = FULL"), "interval: NORMAL");
    statements().clear();
    must(disk.store("boot-1", Durability::commit).open());
    expect(ran("synchronous = FULL") && !ran("synchronous = NORMAL"), "commit: FULL");
    expect_equal(Outsider{disk.file()}.ask("PRAGMA journal_mode"), "wal");
}

void what_was_saved_outlives_a_kill(void** /*state*/) {
    const Disk disk;
    in_child([&] {
        Store store = disk.store();
        must(store.save(std::vector{session_of(1), ended(2, "bob")}));
        ::_exit(0); // nothing is closed
    });
    Store store = disk.store();
    expect(!must(store.open()).has_value(), "the database is fine");
    expect_equal(numbers(must(store.recover(1))), "1");
    expect_equal(count_ended(store.path()), 1);
}

void a_checkpoint_moves_the_log_into_the_database(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.open());
    must(store.checkpoint());
    const auto before = std::filesystem::file_size(disk.file());
    for (int i = 0; i < 200; ++i)
        must(store.save(std::vector{ended(i)}));
    expect_equal(std::filesystem::file_size(disk.file()), before);
    must(store.checkpoint());
    expect(std::filesystem::file_size(disk.file()) > before, "the database has grown");
}

void a_checkpoint_from_beside_moves_the_log_while_the_store_goes_on(void** /*state*/) {
    const Disk disk;
    expect_equal(must(checkpoint(disk.file())), 0); // there is none
    Store store = disk.store();
    must(store.open());
    must(store.checkpoint());
    const auto before = std::filesystem::file_size(disk.file());
    for (int i = 0; i < 200; ++i)
        must(store.save(std::vector{ended(i)}));
    expect(must(checkpoint(disk.file())) > 200, "a page a record and more");
    expect(std::filesystem::file_size(disk.file()) > before, "the database has grown");
    must(store.save(std::vector{ended(200)}));
    expect(must(checkpoint(disk.file())) < 20, "the log has begun anew");
    expect_equal(count_ended(store.path()), 201);
}

/// Its name may be another database's by then.
void a_checkpoint_from_beside_leaves_the_log_in_its_place(void** /*state*/) {
    const Disk disk;
    {
        Store store = disk.store();
        must(store.save(std::vector{ended(1)}));
        std::filesystem::copy(disk.file() + "-wal", disk.file() + ".log");
        std::filesystem::copy(disk.file(), disk.file() + ".copy");
    }
    std::filesystem::rename(disk.file() + ".copy", disk.file());
    std::filesystem::rename(disk.file() + ".log", disk.file() + "-wal");
    expect(must(checkpoint(disk.file())) > 0, "it has been moved");
    expect(std::filesystem::exists(disk.file() + "-wal"), "the log is there");
}

void a_checkpoint_of_what_is_no_database_says_so(void** /*state*/) {
    const Disk disk;
    std::ofstream{disk.file()} << std::string(5000, 'x');
    const auto done = checkpoint(disk.file());
    expect(!done, "it fails");
    expect_within(done.error(), disk.file() + ": ");
}

// After a restart.

void this_boots_sessions_are_recovered_oldest_first(void** /*state*/) {
    const Disk disk;
    Session ending = session_of(4, "dora", State::ending);
    ending.reason = Reason::terminated;
    ending.opened = 1; // before the others, whatever its id
    disk.record({session_of(3, "carol"), session_of(1, "alice", State::opening), ended(2, "bob"), ending});
    Store store = disk.store();
    const auto sessions = must(store.recover(99));
    expect_equal(numbers(sessions), "4 1 3");
    expect_same(sessions.at(0), ending);
}

void sessions_of_other_boots_are_closed_as_rebooted(void** /*state*/) {
    const Disk disk;
    const Session done = ended(2, "bob");
    disk.record({session_of(1), done}, "boot-1");
    Session later = session_of(3, "carol", State::ending);
    later.reason = Reason::terminated;
    disk.record({later}, "boot-2");
    disk.record({session_of(4, "dora")}, "boot-3");
    Store store = disk.store("boot-3");
    expect_equal(numbers(must(store.recover(99))), "4");
    expect_same(must(store.find(id_of(1))).value(), over(session_of(1), Reason::rebooted, 99));
    expect_same(must(store.find(id_of(3))).value(), over(later, Reason::rebooted, 99));
    expect_same(must(store.find(id_of(2))).value(), done);
    must(store.save(std::vector{session_of(5)})); // its slot is free
    expect_equal(numbers(must(store.recover(99))), "4 5");
}

void a_boot_that_comes_back_keeps_its_sessions(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)}, "boot-1");
    disk.record({}, "boot-1");
    Store store = disk.store("boot-1");
    expect_equal(numbers(must(store.recover(99))), "1");
    expect_equal(Outsider{disk.file()}.ask("SELECT count(*) FROM boot"), "1");
}

// History.

void ended_sessions_are_read_in_pages(void** /*state*/) {
    const Disk disk;
    disk.record({ended(3), ended(1), ended(5), ended(2), session_of(4), ended(6)});
    Store store = disk.store();
    expect_equal(numbers(must(store.ended({}, {}, 2)).found), "1 2");
    expect_equal(numbers(must(store.ended({.after = id_of(2)}, {}, 2)).found), "3 5");
    expect_equal(numbers(must(store.ended({.after = id_of(4)}, {}, 2)).found), "5 6");
    expect_equal(numbers(must(store.ended({.after = id_of(5)}, {}, 2)).found), "6");
    expect_equal(numbers(must(store.ended({.after = id_of(6)}, {}, 2)).found), "");
    expect_equal(numbers(must(store.ended({.after = id_of(1), .up_to = id_of(5)}, {}, 9)).found), "2 3 5");
    expect_equal(count_ended(store.path()), 5);
}

void history_is_filtered_by_account_and_user(void** /*state*/) {
    const Disk disk;
    Session virtual_user = ended(6, "web");
    virtual_user.uid.reset();
    disk.record({ended(1, "alice", 1), ended(2, "bob", 2), ended(3, "alice", 1), ended(4, "bob", 2),
                 ended(5, "alice", 9), virtual_user, session_of(7, "alice")});
    Store store = disk.store();
    const auto found = [&](const SessionFilter& filter) {
        return numbers(must(store.ended({}, filter, 9)).found);
    };
    expect_equal(found({}), "1 2 3 4 5 6");
    expect_equal(found({.account = "alice", .uid = {}}), "1 3 5");
    expect_equal(found({.account = {}, .uid = 2}), "2 4");
    expect_equal(found({.account = "alice", .uid = 9}), "5");
    expect_equal(found({.account = "bob", .uid = 1}), "");
    expect_equal(found({.account = "Alice", .uid = {}}), "");
    expect_equal(found({.account = {}, .uid = 0}), "");
    expect_equal(found({.account = "web", .uid = {}}), "6");
}

void the_newest_come_first(void** /*state*/) {
    const Disk disk;
    disk.record({ended(1, "alice", 1), ended(2, "bob", 2), ended(3, "alice", 1), ended(4, "alice", 1),
                 session_of(5, "alice")});
    Store store = disk.store();
    const auto newest = [&](const SessionFilter& filter, int count, const IdRange& range = {}) {
        std::string found;
        for (const SessionId& id : must(store.newest_ended(range, filter, count)).found)
            found += std::to_string(number_of(id)) + " ";
        return found;
    };
    expect_equal(newest({}, 1), "4 ");
    expect_equal(newest({}, 3), "4 3 2 ");
    expect_equal(newest({}, 100), "4 3 2 1 ");
    expect_equal(newest({}, 100, {.after = id_of(1), .up_to = id_of(3)}), "3 2 ");
    expect_equal(newest({.account = "alice", .uid = {}}, 2), "4 3 ");
    expect_equal(newest({.account = {}, .uid = 2}, 2), "2 ");
    expect_equal(newest({.account = "alice", .uid = 1}, 7), "4 3 1 ");
    expect_equal(newest({.account = "carol", .uid = {}}, 2), "");
}

/// Else one call would go through all of a user's history for an account that is not in it.
void a_page_looks_at_no_more_than_it_is_told(void** /*state*/) {
    const Disk disk;
    disk.record({ended(1, "alice", 1), ended(2, "web", 1), ended(3, "alice", 1), ended(4, "alice", 1)});
    Store store = disk.store();
    const SessionFilter of_web{.account = "web", .uid = 1};
    const auto number = [](const std::optional<SessionId>& last) { return last ? number_of(*last) : 0; };
    const auto oldest = [&](int after) {
        const auto page = must(store.ended({.after = id_of(after)}, of_web, 2));
        return numbers(page.found) + ", last " + std::to_string(number(page.last));
    };
    expect_equal(oldest(0), "2, last 2");
    expect_equal(oldest(2), ", last 4");
    expect_equal(oldest(3), ", last 0");
    const auto newest = must(store.newest_ended({}, of_web, 2));
    expect(newest.found.empty(), "it has looked at 4 and 3");
    expect_equal(number(newest.last), 3);
    const auto rest = must(store.newest_ended({.after = {}, .up_to = id_of(2)}, of_web, 3));
    expect_equal(rest.found.size(), 1U);
    expect(!rest.last, "there is nothing older");
}

/// When id_of(number) was made.
std::int64_t made(int number) {
    return ((std::int64_t{1} << 40) + number) * 1000;
}

/// A session that ended as long after its beginning as the numbers say.
Session lasting(int number, int until) {
    return over(session_of(number, "account-" + std::to_string(number)), Reason::logout, made(until));
}

void what_ended_long_ago_is_evicted(void** /*state*/) {
    const Disk disk;
    disk.record({lasting(1, 2), lasting(2, 9), session_of(3), lasting(4, 5), lasting(6, 7), lasting(8, 9)});
    Store store = disk.store();
    const auto evict = [&](int before) {
        const int evicted = must(store.evict(made(before), {}, 100)).evicted;
        return std::to_string(evicted) + ": " + numbers(must(store.ended({}, {}, 9)).found);
    };
    expect_equal(evict(0), "0: 1 2 4 6 8");
    expect_equal(evict(2), "0: 1 2 4 6 8"); // it has ended at that very time
    expect_equal(evict(7), "2: 2 6 8");
    expect_equal(evict(7), "0: 2 6 8");
    expect_equal(evict(999), "3: ");
    expect_equal(count_ended(store.path()), 0);
    expect_equal(numbers(must(store.recover(1))), "3");
}

void an_eviction_goes_in_steps(void** /*state*/) {
    const Disk disk;
    disk.record({lasting(1, 2), session_of(2), lasting(3, 9), lasting(4, 5), lasting(5, 6), lasting(7, 8)});
    Store store = disk.store();
    const auto evict = [&](const SessionId& after) {
        const Eviction done = must(store.evict(made(7), after, 2));
        return std::to_string(done.evicted) +
               (done.after ? ", " + std::to_string(number_of(*done.after)) : "");
    };
    expect_equal(evict({}), "1, 2");
    expect_equal(evict(id_of(2)), "1, 4");
    expect_equal(evict(id_of(4)), "1");
    expect_equal(numbers(must(store.ended({}, {}, 9)).found), "3 7");
}

void an_eviction_looks_at_old_ids_only_and_writes_only_where_it_has_to(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1), lasting(2, 9), lasting(8, 9)});
    Store store = disk.store();
    must(store.open());
    statements().clear();
    must(store.evict(made(5), {}, 100));
    const auto ran = statements();
    expect_equal(ran.size(), 1U);
    expect_equal(Outsider{disk.file()}.plan(ran.front()), "SEARCH session USING PRIMARY KEY (id>? AND id<?)");
    statements().clear();
    must(store.evict(made(10), {}, 100));
    for (const std::string& sql : statements())
        if (sql.starts_with("DELETE"))
            expect_equal(Outsider{disk.file()}.plan(sql), "SEARCH session USING PRIMARY KEY (id=?)");
}

/// What was run, each with its plan, but for what changes the schema.
void no_query_of_a_login_or_of_history_scans_the_table(void** /*state*/) {
    const Disk disk;
    std::vector<Session> sessions;
    for (int i = 1; i < 300; ++i)
        sessions.push_back(ended(i, "account-" + std::to_string(i % 7), static_cast<std::uint32_t>(i % 7)));
    disk.record(sessions);
    Store store = disk.store();
    must(store.open());
    const Outsider outsider{disk.file()};
    const auto plan_of = [&](const auto& work) {
        statements().clear();
        work();
        std::string plans;
        const auto ran = statements();
        for (const std::string& sql : ran)
            if (sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("INSERT"))
                plans += outsider.plan(sql) + "\n";
        return plans;
    };
    const SessionFilter by_account{.account = "account-3", .uid = {}};
    const SessionFilter by_uid{.account = {}, .uid = 3};
    const SessionFilter by_both{.account = "account-3", .uid = 3};

    expect_equal(plan_of([&] { must(store.save(std::vector{session_of(400)})); }), "\n");
    expect_equal(plan_of([&] { must(store.find(id_of(7))); }), "SEARCH session USING PRIMARY KEY (id=?)\n");
    const std::string recovery = plan_of([&] { must(store.recover(1)); });
    expect_within(recovery, "USING INDEX one_session_per_slot");
    expect(recovery.find("SCAN session\n") == recovery.npos, recovery);
    expect_equal(plan_of([&] { must(store.ended({.after = id_of(7)}, {}, 9)); }),
                 "SEARCH session USING PRIMARY KEY (id>? AND id<?)\n");
    expect_equal(plan_of([&] { must(store.ended({.after = id_of(7)}, by_account, 9)); }),
                 "SEARCH session USING INDEX history_of_account (account=? AND id>? AND id<?)\n");
    expect_equal(plan_of([&] { must(store.ended({.after = id_of(7)}, by_uid, 9)); }),
                 "SEARCH session USING INDEX history_of_user (uid=? AND id>? AND id<?)\n");
    expect_equal(plan_of([&] { must(store.ended({.after = id_of(7)}, by_both, 9)); }),
                 "SEARCH session USING INDEX history_of_user (uid=? AND id>? AND id<?)\n");
    expect_equal(plan_of([&] { must(store.newest_ended({}, {}, 9)); }),
                 "SEARCH session USING PRIMARY KEY (id>? AND id<?)\n");
    expect_within(plan_of([&] { must(store.newest_ended({}, by_account, 9)); }),
                  "USING INDEX history_of_account (account=? AND id>? AND id<?)");
    expect_within(plan_of([&] { must(store.newest_ended({}, by_uid, 9)); }),
                  "USING INDEX history_of_user (uid=? AND id>? AND id<?)");
    expect_equal(plan_of([&] { must(store.newest_ended({}, by_both, 9)); }),
                 "SEARCH session USING INDEX history_of_user (uid=? AND id>? AND id<?)\n");
    expect_within(plan_of([&] { count_ended(store.path()); }), "INDEX history_of_");
}

// Databases that cannot be used.

void expect_begun_anew(const Disk& disk, const std::string& what) {
    const std::size_t before = read_bytes(disk.file()).size();
    Store store = disk.store();
    const auto moved = must(store.open());
    expect(moved.has_value(), what + " is moved aside");
    expect_equal(disk.moved().size(), 1U);
    expect_equal(moved->path, disk.moved().front());
    expect(!moved->reason.empty(), what + " has a reason");
    expect(read_bytes(moved->path).size() >= before, what + " is kept");
    expect(must(store.recover(1)).empty(), what + ": nobody is known any more");
    expect_working(store);
    expect(!must(disk.store().open()).has_value(), what + ": the new database is fine");
    std::filesystem::remove(moved->path);
    for (const char* const file : {"sessions.db", "sessions.db-wal", "sessions.db-shm"})
        std::filesystem::remove(disk.path(file));
}

void an_empty_file_is_a_new_database(void** /*state*/) {
    const Disk disk;
    disk.write("sessions.db", "");
    Store store = disk.store();
    expect(!must(store.open()).has_value(), "nothing is moved");
    expect_working(store);
}

void bytes_that_are_no_database_are_moved_aside(void** /*state*/) {
    const Disk disk;
    std::string random;
    std::uint32_t state = 2463534242;
    for (int i = 0; i < 20000; ++i) {
        state ^= state << 13U, state ^= state >> 17U, state ^= state << 5U; // xorshift
        random.push_back(static_cast<char>(state));
    }
    for (const std::size_t size : {std::size_t{100}, std::size_t{512}, std::size_t{4096}, random.size()}) {
        disk.write("sessions.db", random.substr(0, size));
        expect_begun_anew(disk, std::to_string(size) + " random bytes");
    }
}

void a_truncated_database_is_moved_aside(void** /*state*/) {
    const Disk disk;
    for (const double part : {0.1, 0.3, 0.5, 0.7, 0.9}) {
        std::vector<Session> sessions;
        for (int i = 1; i < 200; ++i)
            sessions.push_back(session_of(i, "account-" + std::to_string(i)));
        disk.record(sessions);
        const auto size = static_cast<double>(std::filesystem::file_size(disk.file()));
        std::filesystem::resize_file(disk.file(), static_cast<std::uintmax_t>(size * part));
        expect_begun_anew(disk, "a database cut off at " + std::to_string(part));
    }
}

/// The database opens, and only what a restart has to know cannot be read.
void damage_within_is_found_when_the_database_is_opened(void** /*state*/) {
    const Disk disk;
    for (const char* const part : {"session", "one_session_per_slot"}) {
        std::vector<Session> sessions;
        for (int i = 1; i < 200; ++i)
            sessions.push_back(session_of(i, "account-" + std::to_string(i)));
        disk.record(sessions, "boot-0");
        long root = 0;
        {
            const Outsider outsider{disk.file()};
            root = std::stol(outsider.ask("SELECT rootpage FROM sqlite_schema WHERE name = '"s + part + "'"));
        }
        std::string bytes = read_bytes(disk.file());
        bytes.replace(static_cast<std::size_t>(root - 1) * 4096, 4096, std::string(4096, '\xa5'));
        disk.write("sessions.db", bytes);
        expect_begun_anew(disk, "a database with a damaged "s + part);
    }
}

void a_row_that_means_nothing_is_damage(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Outsider{disk.file()}.run("PRAGMA ignore_check_constraints = ON; UPDATE session SET state = 'asleep'");
    expect_begun_anew(disk, "a session that is asleep");
}

void a_database_of_a_newer_version_is_moved_aside(void** /*state*/) {
    const Disk disk;
    disk.record({session_of(1)});
    Outsider{disk.file()}.run("PRAGMA user_version = " + std::to_string(migrations.size() + 1));
    expect_begun_anew(disk, "a newer database");
    disk.record({session_of(1)});
    Outsider{disk.file()}.run("PRAGMA user_version = -1");
    expect_begun_anew(disk, "a database of version -1");
}

/// Replayed into the new database, it would damage that one too.
void the_log_of_a_damaged_database_goes_with_it(void** /*state*/) {
    const Disk disk;
    in_child([&] {
        Store store = disk.store();
        must(store.save(std::vector{session_of(1)}));
        must(store.checkpoint());
        must(store.save(std::vector{session_of(2, "bob")}));
        ::_exit(0); // the log stays
    });
    disk.write("sessions.db", read_bytes(disk.file()).replace(0, 100, std::string(100, 'x')));
    expect(std::filesystem::exists(disk.path("sessions.db-wal")), "there is a log");
    expect_begun_anew(disk, "a database without its beginning");
}

// Places where no database can be.

/// A call fails with a sentence that names the file; after `mend` the next one works.
template<class Mend>
void expect_mendable(const Disk& disk, const Mend& mend) {
    Store store = disk.store();
    const auto opened = store.open();
    expect(!opened, "it cannot be opened");
    expect_within(opened.error(), disk.file() + ": ");
    const auto saved = store.save(std::vector{session_of(1)});
    expect(!saved && !saved.error().is_conflict, "it cannot be written, and that is no conflict");
    expect_within(saved.error().text, disk.file() + ": ");
    expect(!store.recover(1) && !store.find(id_of(1)) && !store.ended({}, {}, 1) &&
               !store.newest_ended({}, {}, 1) && !HistorySnapshot::take(store.path()) &&
               !store.evict(1, {}, 1) && !store.checkpoint(),
           "nothing works");
    expect(disk.moved().empty(), "nothing is moved aside");
    mend();
    expect_working(store);
}

void a_missing_directory_is_made(void** /*state*/) {
    const Disk disk;
    std::filesystem::remove(disk.path());
    Store store = disk.store();
    expect(!must(store.open()).has_value(), "nothing is moved");
    expect_working(store);
}

/// The open database is given up for it, with all that belongs to it.
void a_database_that_cannot_be_opened_again_can_be_mended(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.open());
    for (const char* const file : {"sessions.db", "sessions.db-wal", "sessions.db-shm"})
        std::filesystem::remove(disk.path(file));
    std::filesystem::create_directory(disk.file());
    expect(!store.open(), "it cannot be opened");
    expect(!store.save(std::vector{session_of(1)}), "it cannot be written");
    std::filesystem::remove(disk.file());
    expect_working(store);
}

void a_directory_in_its_place_can_be_mended(void** /*state*/) {
    const Disk disk;
    std::filesystem::create_directory(disk.file());
    expect_mendable(disk, [&] { std::filesystem::remove(disk.file()); });
}

void a_link_in_its_place_is_not_followed(void** /*state*/) {
    const Disk disk;
    disk.write("target", "");
    std::filesystem::create_symlink("target", disk.file());
    expect_mendable(disk, [&] { std::filesystem::remove(disk.file()); });
    expect_equal(read_bytes(disk.path("target")), "");
}

void a_fifo_in_its_place_does_not_block(void** /*state*/) {
    const Disk disk;
    expect(::mkfifo(disk.file().c_str(), 0600) == 0, "made");
    expect_mendable(disk, [&] { std::filesystem::remove(disk.file()); });
}

void a_full_disk_can_be_mended(void** /*state*/) {
    const Disk disk;
    in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN); // then writing fails with EFBIG
        Store store = disk.store();
        must(store.save(std::vector{session_of(1)}));
        rlimit limit{0, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        for (int i = 0; i < 3; ++i) {
            const auto saved = store.save(std::vector{over(session_of(1)), session_of(2)});
            expect(!saved && !saved.error().is_conflict, "it cannot be written, and that is no conflict");
            expect_within(saved.error().text, disk.file() + ": ");
        }
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        expect_equal(numbers(must(store.recover(1))), "1");
        must(store.save(std::vector{over(session_of(1)), session_of(2)}));
        expect_equal(numbers(must(store.recover(1))), "2");
    });
    Store store = disk.store();
    expect(!must(store.open()).has_value(), "the database is fine");
    expect_equal(numbers(must(store.recover(1))), "2");
}

void a_lock_that_somebody_holds_can_be_mended(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.open());
    const Outsider outsider{disk.file()};
    outsider.run("BEGIN IMMEDIATE");
    const auto saved = store.save(std::vector{session_of(1)});
    expect(!saved && !saved.error().is_conflict, "it cannot be written, and that is no conflict");
    expect_within(saved.error().text, "locked");
    outsider.run("ROLLBACK");
    expect_working(store);
}

void a_reader_from_outside_does_not_hinder(void** /*state*/) {
    const Disk disk;
    Store store = disk.store();
    must(store.save(std::vector{session_of(1)}));
    const Outsider outsider{disk.file()};
    outsider.run("BEGIN");
    expect_equal(outsider.ask("SELECT count(*) FROM session"), "1");
    must(store.save(std::vector{session_of(2, "bob")}));
    must(store.checkpoint());
    expect_equal(outsider.ask("SELECT count(*) FROM session"), "1");
    outsider.run("COMMIT");
    expect_equal(outsider.ask("SELECT count(*) FROM session"), "2");
}

void only_root_can_read_the_files(void** /*state*/) {
    const Disk disk;
    const mode_t before = ::umask(077);
    Store store = disk.store();
    must(store.save(std::vector{session_of(1)}));
    ::umask(before);
    for (const char* const name : {"sessions.db", "sessions.db-wal", "sessions.db-shm"}) {
        struct stat status {};
        expect(::stat(disk.path(name).c_str(), &status) == 0, name);
        expect_equal(status.st_mode & 07777U, 0600U);
    }
}

} // namespace

int main() {
    ::sqlite3_auto_extension(reinterpret_cast<void (*)()>(trace));
    const CMUnitTest tests[] = {
        SOLO_TEST(every_field_comes_back),
        SOLO_TEST(what_is_not_set_comes_back_unset),
        SOLO_TEST(an_empty_text_is_not_an_unset_one),
        SOLO_TEST(the_largest_numbers_come_back),
        SOLO_TEST(texts_of_any_bytes_come_back),
        SOLO_TEST(names_that_differ_behind_a_nul_are_two_accounts),
        SOLO_TEST(names_of_4096_bytes_come_back),
        SOLO_TEST(every_state_and_reason_comes_back),
        SOLO_TEST(a_session_that_nobody_recorded_is_not_found),
        SOLO_TEST(a_second_record_changes_the_first),
        SOLO_TEST(the_database_refuses_a_second_session_in_a_slot),
        SOLO_TEST(of_a_transaction_with_a_conflict_nothing_is_kept),
        SOLO_TEST(two_sessions_of_one_transaction_cannot_share_a_slot),
        SOLO_TEST(an_ending_session_holds_its_slot),
        SOLO_TEST(a_slot_is_free_when_its_session_is_ended),
        SOLO_TEST(a_grant_written_before_the_end_of_the_holder_is_refused),
        SOLO_TEST(other_slots_and_other_accounts_and_no_slot_do_not_conflict),
        SOLO_TEST(an_ended_session_without_an_end_is_refused),
        SOLO_TEST(sessions_that_share_a_slot_need_places_of_their_own),
        SOLO_TEST(a_renewal_changes_when_a_lease_lapses_and_nothing_else),
        SOLO_TEST(half_a_lease_is_refused),
        SOLO_TEST(notes_come_back),
        SOLO_TEST(an_account_has_one_note_the_last),
        SOLO_TEST(an_empty_note_is_deleted),
        SOLO_TEST(notes_outlive_a_reboot),
        SOLO_TEST(notes_are_written_with_the_sessions_or_not_at_all),
        SOLO_TEST(names_of_any_bytes_have_notes),
        SOLO_TEST(a_new_database_is_of_the_newest_version),
        SOLO_TEST(a_save_is_one_transaction),
        SOLO_TEST(durability_is_what_was_asked_for),
        SOLO_TEST(what_was_saved_outlives_a_kill),
        SOLO_TEST(a_checkpoint_moves_the_log_into_the_database),
        SOLO_TEST(a_checkpoint_from_beside_moves_the_log_while_the_store_goes_on),
        SOLO_TEST(a_checkpoint_from_beside_leaves_the_log_in_its_place),
        SOLO_TEST(a_checkpoint_of_what_is_no_database_says_so),
        SOLO_TEST(this_boots_sessions_are_recovered_oldest_first),
        SOLO_TEST(sessions_of_other_boots_are_closed_as_rebooted),
        SOLO_TEST(a_boot_that_comes_back_keeps_its_sessions),
        SOLO_TEST(ended_sessions_are_read_in_pages),
        SOLO_TEST(history_is_filtered_by_account_and_user),
        SOLO_TEST(the_newest_come_first),
        SOLO_TEST(a_page_looks_at_no_more_than_it_is_told),
        SOLO_TEST(what_ended_long_ago_is_evicted),
        SOLO_TEST(an_eviction_goes_in_steps),
        SOLO_TEST(an_eviction_looks_at_old_ids_only_and_writes_only_where_it_has_to),
        SOLO_TEST(no_query_of_a_login_or_of_history_scans_the_table),
        SOLO_TEST(an_empty_file_is_a_new_database),
        SOLO_TEST(bytes_that_are_no_database_are_moved_aside),
        SOLO_TEST(a_truncated_database_is_moved_aside),
        SOLO_TEST(damage_within_is_found_when_the_database_is_opened),
        SOLO_TEST(a_row_that_means_nothing_is_damage),
        SOLO_TEST(a_database_of_a_newer_version_is_moved_aside),
        SOLO_TEST(the_log_of_a_damaged_database_goes_with_it),
        SOLO_TEST(a_missing_directory_is_made),
        SOLO_TEST(a_database_that_cannot_be_opened_again_can_be_mended),
        SOLO_TEST(a_directory_in_its_place_can_be_mended),
        SOLO_TEST(a_link_in_its_place_is_not_followed),
        SOLO_TEST(a_fifo_in_its_place_does_not_block),
        SOLO_TEST(a_full_disk_can_be_mended),
        SOLO_TEST(a_lock_that_somebody_holds_can_be_mended),
        SOLO_TEST(a_reader_from_outside_does_not_hinder),
        SOLO_TEST(only_root_can_read_the_files),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
