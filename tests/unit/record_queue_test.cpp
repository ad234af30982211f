// SPDX-License-Identifier: MIT
#include "daemon/record_queue.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"
#include "tests/unit/sessions.hpp"
#include "tests/unit/temp_dir.hpp"

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include <sys/resource.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

/// A queue and its store, on a disk that can be taken away as long as nothing has been written.
struct Scene {
    Scene() { std::filesystem::create_directory(directory.path("disk")); }

    void take_disk_away() const { directory.take_away("disk"); }
    void give_disk_back() const { directory.give_back("disk"); }

    void add(const std::vector<Session>& sessions) {
        for (const Session& session : sessions)
            queue.add(session);
    }
    void write(const std::vector<Session>& sessions) {
        add(sessions);
        queue.write();
    }

    /// Runs the event loop until the queue has said so often that it is degraded or recovered.
    void await_said(std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (said.size() < count && std::chrono::steady_clock::now() < deadline)
            loop.run_one_until(deadline);
        expect_equal(said.size(), count);
    }

    /// State and reason of a record.
    [[nodiscard]] std::string stored(int number) {
        const auto session = must(store.find(id_of(number)));
        if (!session)
            return "none";
        return std::string{protocol::name_of(session->state)} +
               (session->reason ? " " + std::string{protocol::name_of(*session->reason)} : "");
    }

    TempDir directory;
    asio::io_context loop;
    Store store{directory.path("disk/sessions.db"), Durability::interval, "boot", "host"};
    std::vector<std::string> said;
    RecordQueue queue{loop.get_executor(), store, [this](const std::string& text) { said.push_back(text); }};
};

Session ending(int number) {
    Session session = session_of(number, "alice", State::ending);
    session.reason = Reason::superseded;
    return session;
}

void what_is_added_is_written_at_once(void** /*state*/) {
    Scene scene;
    scene.add({session_of(1), session_of(2, "bob")});
    expect_equal(scene.stored(1), "none");
    scene.queue.write();
    expect_equal(scene.stored(1), "active");
    expect_equal(scene.stored(2), "active");
    expect(scene.said.empty() && scene.queue.problem().empty(), "there is no problem");
}

void what_can_wait_is_written_after_a_moment(void** /*state*/) {
    Scene scene;
    scene.add({session_of(1)});
    scene.queue.write_soon();
    expect_equal(scene.stored(1), "none");
    scene.add({session_of(2, "bob")});
    scene.queue.write_soon();
    scene.loop.run_one();
    expect_equal(scene.stored(1), "active");
    expect_equal(scene.stored(2), "active");
    scene.add({ending(1)}); // likewise the next time
    scene.queue.write_soon();
    scene.loop.run_one_for(500ms); // sooner than the checkpoint that is due
    expect_equal(scene.stored(1), "ending superseded");
}

void what_can_wait_is_written_with_what_cannot(void** /*state*/) {
    Scene scene;
    scene.add({session_of(1)});
    scene.queue.write_soon();
    scene.write({over(session_of(1)), session_of(2)});
    expect_equal(scene.stored(1), "ended logout");
    expect_equal(scene.stored(2), "active");
}

void what_can_wait_waits_for_the_disk_as_all_else(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.add({session_of(1)});
    scene.queue.write_soon();
    expect_equal(scene.queue.waiting(), 0U); // not for the disk
    scene.await_said(1);
    expect_equal(scene.queue.waiting(), 1U);
    scene.add({session_of(2, "bob")});
    scene.queue.write_soon();
    scene.give_disk_back();
    scene.await_said(2);
    expect_equal(scene.stored(1), "active");
    expect_equal(scene.stored(2), "active");
}

void writing_nothing_is_no_problem(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.queue.write();
    expect(scene.said.empty(), "nothing had to be written");
}

void of_one_session_the_last_record_is_written(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1, "alice", State::opening), session_of(1), ending(1)});
    expect_equal(scene.stored(1), "ending superseded");
}

void the_holders_end_is_written_before_its_successors_grant(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1)});
    scene.write({ending(1), over(session_of(1), Reason::superseded), session_of(2, "alice", State::opening),
                 session_of(2)});
    expect_equal(scene.stored(1), "ended superseded");
    expect_equal(scene.stored(2), "active");
    expect(!scene.queue.refused(id_of(1)) && !scene.queue.refused(id_of(2)), "none is refused");
}

/// While nothing can be written a slot passes through many hands; each record keeps its first place.
void a_slot_that_passed_on_while_degraded_is_no_conflict(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.write({session_of(1)});
    for (int number = 2; number <= 20; ++number) {
        scene.write({ending(number - 1)});
        scene.write(
            {over(session_of(number - 1), Reason::superseded), session_of(number, "alice", State::opening)});
        scene.write({session_of(number)});
    }
    scene.give_disk_back();
    scene.queue.write();
    for (int number = 1; number < 20; ++number)
        expect_equal(scene.stored(number), "ended superseded");
    expect_equal(scene.stored(20), "active");
}

void being_degraded_is_said_once(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    for (int number = 1; number < 5; ++number)
        scene.write({session_of(number, std::to_string(number))});
    expect_equal(scene.said.size(), 1U);
    expect_within(scene.said.front(), scene.directory.path("disk/sessions.db") + ": ");
    expect_equal(scene.queue.problem(), scene.said.front());
    for (int number = 1; number < 5; ++number)
        expect(!scene.queue.refused(id_of(number)), "a full disk refuses nobody");
}

void it_recovers_by_itself_and_says_so_once(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.write({session_of(1), session_of(2, "bob")});
    scene.loop.run_one(); // the first attempt fails as well
    expect_equal(scene.said.size(), 1U);
    scene.give_disk_back();
    scene.await_said(2);
    expect_equal(scene.said.back(), "");
    expect_equal(scene.queue.problem(), "");
    expect_equal(scene.stored(1), "active");
    expect_equal(scene.stored(2), "active");
    scene.loop.run(); // the checkpoint that is due; nothing is tried again
    expect_equal(scene.said.size(), 2U);
}

void the_next_write_recovers_as_well(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.write({session_of(1)});
    scene.give_disk_back();
    scene.write({session_of(2, "bob")});
    expect_equal(scene.said.size(), 2U);
    expect_equal(scene.stored(1), "active");
    expect_equal(scene.stored(2), "active");
}

/// Else a login takes the longer the more have come while the disk is full.
void where_much_waits_a_login_leaves_it_to_the_next_attempt(void** /*state*/) {
    for (const int logins : {10, 100}) {
        Scene scene;
        const auto write_for_login = [&](int number) {
            scene.queue.add(session_of(number, std::to_string(number)));
            scene.queue.write_now_or_in_turn();
        };
        scene.take_disk_away();
        for (int number = 1; number <= logins; ++number)
            write_for_login(number);
        scene.give_disk_back();
        write_for_login(200);
        expect(!scene.queue.refused(id_of(200)), "it is granted all the same");
        expect_equal(scene.said.size(), logins == 10 ? 2U : 1U); // little is written with the login
        scene.await_said(2);
        expect_equal(scene.stored(1), "active");
        expect_equal(scene.stored(200), "active");
        write_for_login(201);
        expect_equal(scene.stored(201), "active");
    }
}

void a_record_that_conflicts_is_refused_and_the_others_are_kept(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1)});
    scene.write({session_of(3, "bob"), session_of(2), session_of(4, "carol"), over(session_of(5, "dora"))});
    expect(scene.queue.refused(id_of(2)), "its slot is taken");
    for (const int number : {1, 3, 4, 5})
        expect(!scene.queue.refused(id_of(number)), "the others are innocent");
    expect_equal(scene.stored(2), "none");
    expect_equal(scene.stored(3), "active");
    expect_equal(scene.stored(4), "active");
    expect_equal(scene.stored(5), "ended logout");
    expect(scene.said.empty(), "nothing is degraded");
}

void several_conflicts_are_refused_each(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1), session_of(2, "bob")});
    scene.write({session_of(3), session_of(4, "bob"), session_of(5, "carol"), session_of(6, "carol")});
    for (const int number : {3, 4, 6})
        expect(scene.queue.refused(id_of(number)), "its slot is taken");
    expect(!scene.queue.refused(id_of(5)), "the first of its account");
    expect_equal(scene.stored(5), "active");
}

void a_refusal_is_forgotten_with_the_next_write(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1)});
    scene.write({session_of(2)});
    expect(scene.queue.refused(id_of(2)), "its slot is taken");
    scene.queue.write();
    expect(!scene.queue.refused(id_of(2)), "it was the last write that counts");
    scene.write({over(session_of(1)), session_of(2)});
    expect(!scene.queue.refused(id_of(2)), "the slot is free now");
    expect_equal(scene.stored(2), "active");
}

/// The record that conflicts fails before anything is written, so that the disk's failure shows in the
/// others only.
void a_disk_that_fails_beside_a_conflict_refuses_nobody_else(void** /*state*/) {
    in_child([] {
        std::signal(SIGXFSZ, SIG_IGN); // then writing fails with EFBIG
        Scene scene;
        scene.write({session_of(1)});
        rlimit limit{0, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.write({session_of(2), session_of(3, "bob"), over(session_of(4, "carol"))});
        expect(scene.queue.refused(id_of(2)), "its slot is taken");
        expect(!scene.queue.refused(id_of(3)) && !scene.queue.refused(id_of(4)), "the others are innocent");
        expect_equal(scene.said.size(), 1U);
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.await_said(2);
        expect_equal(scene.said.back(), "");
        expect_equal(scene.stored(2), "none");
        expect_equal(scene.stored(3), "active");
        expect_equal(scene.stored(4), "ended logout");
    });
}

void a_disk_that_fills_up_while_it_is_open_is_degraded_until_it_is_not(void** /*state*/) {
    in_child([] {
        std::signal(SIGXFSZ, SIG_IGN);
        Scene scene;
        scene.write({session_of(1)});
        rlimit limit{0, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.write({over(session_of(1)), session_of(2, "alice", State::opening)});
        scene.write({session_of(2)});
        expect_equal(scene.said.size(), 1U);
        expect_equal(scene.stored(1), "active");
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.await_said(2);
        expect_equal(scene.stored(1), "ended logout");
        expect_equal(scene.stored(2), "active");
    });
}

// What is remembered of accounts.

void a_note_alone_is_written(void** /*state*/) {
    Scene scene;
    scene.queue.add(full_note());
    expect(must(scene.store.notes()).empty(), "not before write()");
    scene.queue.write();
    expect_equal(must(scene.store.notes()).size(), 1U);
}

void of_one_account_the_last_note_is_written(void** /*state*/) {
    Scene scene;
    AccountNote note = full_note();
    scene.queue.add(note);
    scene.queue.add(full_note("bob"));
    note.superseded.reset();
    scene.queue.add(note);
    scene.queue.write();
    expect_equal(text(must(scene.store.notes())).substr(0, 29), "alice 1000 locked 123456\nbob ");
    note.locked.reset();
    scene.queue.add(note);
    scene.queue.write();
    expect_equal(text(must(scene.store.notes())).substr(0, 4), "bob ");
}

void a_note_is_written_when_the_disk_is_back(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.queue.add(full_note());
    scene.queue.write();
    expect_equal(scene.said.size(), 1U);
    AccountNote later = full_note();
    later.locked.reset();
    scene.queue.add(later);
    scene.queue.write();
    scene.give_disk_back();
    scene.await_said(2);
    expect_equal(text(must(scene.store.notes())), "alice 1000 superseded 654321 by login tty1 ::1 bob");
}

void a_note_is_written_beside_a_conflict(void** /*state*/) {
    Scene scene;
    scene.write({session_of(1)});
    scene.queue.add(full_note());
    scene.write({session_of(2), session_of(3, "bob")});
    expect(scene.queue.refused(id_of(2)), "its slot is taken");
    expect_equal(must(scene.store.notes()).size(), 1U);
    expect_equal(scene.stored(3), "active");
    scene.queue.add(AccountNote{.account = "alice", .uid = {}, .locked = {}, .superseded = {}});
    scene.queue.write();
    expect(must(scene.store.notes()).empty(), "what was written is not kept for later");
}

void a_note_outlasts_a_disk_that_fails_beside_a_conflict(void** /*state*/) {
    in_child([] {
        std::signal(SIGXFSZ, SIG_IGN);
        Scene scene;
        scene.write({session_of(1)});
        rlimit limit{0, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.queue.add(full_note());
        scene.write({session_of(2)});
        expect(scene.queue.refused(id_of(2)), "its slot is taken");
        expect_equal(scene.said.size(), 1U);
        limit.rlim_cur = RLIM_INFINITY;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        scene.await_said(2);
        expect_equal(must(scene.store.notes()).size(), 1U);
    });
}

/// AddressSanitizer sees where a handler touches what is gone.
void a_queue_that_is_gone_does_nothing_more(void** /*state*/) {
    const TempDir directory;
    asio::io_context loop;
    Store store{directory.path("sessions.db"), Durability::interval, "boot", "host"};
    {
        RecordQueue queue{loop.get_executor(), store, [](const std::string& /*problem*/) {}};
        queue.add(session_of(1));
        queue.write();
    }
    loop.run();
    {
        RecordQueue queue{loop.get_executor(), store, [](const std::string& /*problem*/) {}};
        queue.add(session_of(2, "bob"));
        queue.write();
        loop.restart();
        loop.run_one(); // a checkpoint begins
    }
    loop.run();
}

/// Who asks must not be told that a session lives that is over.
void what_waits_for_the_disk_is_found(void** /*state*/) {
    Scene scene;
    scene.take_disk_away();
    scene.write({session_of(1)});
    expect(must(scene.queue.find(id_of(1)))->state == State::active, "it waits");
    scene.write({ending(1)});
    expect(must(scene.queue.find(id_of(1)))->state == State::ending, "the last record counts");
    scene.give_disk_back();
    scene.queue.write();
    scene.add({over(session_of(1))});
    expect(must(scene.queue.find(id_of(1)))->is_ended(), "also where another one is stored");
    expect(!must(scene.queue.find(id_of(2))), "nobody knows it");
}

void the_log_is_moved_into_the_database_soon(void** /*state*/) {
    Scene scene;
    std::vector<Session> sessions;
    for (int number = 1; number < 100; ++number)
        sessions.push_back(over(session_of(number)));
    scene.write(sessions);
    const auto size = [&] { return std::filesystem::file_size(scene.directory.path("disk/sessions.db")); };
    const auto before = size();
    scene.loop.run();
    expect(size() > before, "the database has grown");
    scene.write({session_of(200)});
    expect_equal(scene.loop.poll(), 0U); // no handler is left over
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(what_is_added_is_written_at_once),
        SOLO_TEST(what_can_wait_is_written_after_a_moment),
        SOLO_TEST(what_can_wait_is_written_with_what_cannot),
        SOLO_TEST(what_can_wait_waits_for_the_disk_as_all_else),
        SOLO_TEST(writing_nothing_is_no_problem),
        SOLO_TEST(of_one_session_the_last_record_is_written),
        SOLO_TEST(the_holders_end_is_written_before_its_successors_grant),
        SOLO_TEST(a_slot_that_passed_on_while_degraded_is_no_conflict),
        SOLO_TEST(being_degraded_is_said_once),
        SOLO_TEST(it_recovers_by_itself_and_says_so_once),
        SOLO_TEST(the_next_write_recovers_as_well),
        SOLO_TEST(where_much_waits_a_login_leaves_it_to_the_next_attempt),
        SOLO_TEST(a_record_that_conflicts_is_refused_and_the_others_are_kept),
        SOLO_TEST(several_conflicts_are_refused_each),
        SOLO_TEST(a_refusal_is_forgotten_with_the_next_write),
        SOLO_TEST(a_disk_that_fails_beside_a_conflict_refuses_nobody_else),
        SOLO_TEST(a_disk_that_fills_up_while_it_is_open_is_degraded_until_it_is_not),
        SOLO_TEST(a_note_alone_is_written),
        SOLO_TEST(of_one_account_the_last_note_is_written),
        SOLO_TEST(a_note_is_written_when_the_disk_is_back),
        SOLO_TEST(a_note_is_written_beside_a_conflict),
        SOLO_TEST(a_note_outlasts_a_disk_that_fails_beside_a_conflict),
        SOLO_TEST(a_queue_that_is_gone_does_nothing_more),
        SOLO_TEST(what_waits_for_the_disk_is_found),
        SOLO_TEST(the_log_is_moved_into_the_database_soon),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
