// SPDX-License-Identifier: MIT
#include "daemon/session_list.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/sessions.hpp"
#include "tests/unit/temp_dir.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

using namespace solo;
using namespace solo::testing;

namespace {

/// Slots that hold what a test says.
class HeldSlots final : public Slots {
public:
    [[nodiscard]] Verdict look(const Claim& /*claim*/) const override { return {}; }
    void acquire(Claim /*claim*/, std::optional<ProcessHandle> /*leader*/, Answered /*answered*/) override {}
    void abandon(const std::string& /*account*/, RequestId /*request*/) override {}
    void confirm(const SessionId& /*id*/, std::optional<std::uint32_t> /*audit_session*/) override {}
    void release(const SessionId& /*id*/, Ended /*ended*/) override {}
    void line_closed(const SessionId& /*id*/) override {}
    std::optional<std::int64_t> renew(const SessionId& /*id*/) override { return std::nullopt; }
    bool unlock(const std::string& /*account*/) override { return false; }
    void end(const SessionId& /*id*/, Reason /*reason*/, Notice /*notice*/, Waiter /*waiter*/) override {}
    void stop_waiting(const SessionId& /*id*/, RequestId /*request*/) override {}
    [[nodiscard]] std::optional<Session> find(const SessionId& /*id*/) const override { return std::nullopt; }
    [[nodiscard]] bool shares_leader(const Session& /*session*/) const override { return false; }
    [[nodiscard]] std::vector<Session> sessions_after(const SessionId& id, std::size_t count) const override {
        std::vector<Session> page{held.begin(), held.end()};
        std::erase_if(page, [&](const Session& session) { return session.id <= id; });
        page.resize(std::min(count, page.size()));
        asked += count;
        return page;
    }
    [[nodiscard]] std::vector<Session> sessions_before(const SessionId& id,
                                                       std::size_t count) const override {
        std::vector<Session> page{held.begin(), held.end()};
        std::erase_if(page, [&](const Session& session) { return session.id >= id; });
        std::ranges::reverse(page);
        page.resize(std::min(count, page.size()));
        asked += count;
        return page;
    }
    [[nodiscard]] StateCounts count_by_state() const override { return {}; }

    std::deque<Session> held;
    mutable std::size_t asked = 0; ///< for how many sessions
};

struct Scene {
    /// The numbers of the sessions that a list gives.
    std::string list(const SessionList::Wanted& wanted) {
        SessionList list{slots, store, wanted};
        return rest_of(list);
    }
    static std::string rest_of(SessionList& list) {
        std::string numbers;
        while (const auto session = next_of(list))
            numbers += (numbers.empty() ? "" : " ") + std::to_string(number_of(session->id));
        return numbers;
    }
    static std::optional<Session> next_of(SessionList& list) {
        std::optional<Session> session;
        while (!session && !list.is_over())
            session = list.step();
        return session;
    }
    void hold(const std::vector<Session>& sessions) {
        slots.held.insert(slots.held.end(), sessions.begin(), sessions.end());
    }
    void record(const std::vector<Session>& sessions) { must(store.save(sessions)); }

    TempDir directory;
    HeldSlots slots;
    Store store{directory.path("sessions.db"), Durability::interval, "boot", "host"};
};

Session ended(int number, const std::string& account = "alice", std::uint32_t uid = 1000) {
    Session session = session_of(number, account);
    session.uid = uid;
    return over(session);
}

std::string range(int first, int last) {
    std::string numbers;
    for (int number = first; number <= last; ++number)
        numbers += (numbers.empty() ? "" : " ") + std::to_string(number);
    return numbers;
}

SessionList::Wanted wanted(bool with_ended, std::optional<std::int64_t> limit = {},
                           SessionFilter filter = {}) {
    return {.filter = std::move(filter), .with_ended = with_ended, .limit = limit};
}

void a_list_without_sessions_is_empty(void** /*state*/) {
    Scene scene;
    expect_equal(scene.list(wanted(false)), "");
    expect_equal(scene.list(wanted(true)), "");
    expect_equal(scene.list(wanted(true, 5)), "");
}

void sessions_that_are_over_are_listed_only_where_asked_for(void** /*state*/) {
    Scene scene;
    scene.record({ended(1), ended(3)});
    scene.hold({session_of(2), session_of(4)});
    expect_equal(scene.list(wanted(false)), "2 4");
    expect_equal(scene.list(wanted(true)), "1 2 3 4");
}

void the_newest_are_listed_oldest_first(void** /*state*/) {
    Scene scene;
    scene.record({ended(1), ended(3), ended(5)});
    scene.hold({session_of(2), session_of(4)});
    expect_equal(scene.list(wanted(true, 1)), "5");
    expect_equal(scene.list(wanted(true, 2)), "4 5");
    expect_equal(scene.list(wanted(true, 4)), "2 3 4 5");
    expect_equal(scene.list(wanted(true, 5)), "1 2 3 4 5");
    expect_equal(scene.list(wanted(true, INT64_MAX)), "1 2 3 4 5");
    expect_equal(scene.list(wanted(false, 1)), "4");
    expect_equal(scene.list(wanted(false, 9)), "2 4");
}

void a_filter_holds_for_both_kinds(void** /*state*/) {
    Scene scene;
    scene.record({ended(1, "alice", 1), ended(3, "bob", 2), ended(5, "alice", 1)});
    Session of_bob = session_of(4, "bob");
    of_bob.uid = 2;
    Session of_alice = session_of(2, "alice");
    of_alice.uid = 1;
    scene.hold({of_alice, of_bob});
    expect_equal(scene.list(wanted(true, {}, {.account = "bob", .uid = {}})), "3 4");
    expect_equal(scene.list(wanted(true, {}, {.account = {}, .uid = 1})), "1 2 5");
    expect_equal(scene.list(wanted(true, 2, {.account = {}, .uid = 1})), "2 5");
    expect_equal(scene.list(wanted(true, {}, {.account = "alice", .uid = 2})), "");
}

void a_long_history_is_read_to_its_end(void** /*state*/) {
    Scene scene;
    std::vector<Session> sessions;
    for (int number = 1; number <= 1000; ++number)
        sessions.push_back(ended(number));
    scene.record(sessions);
    scene.hold({session_of(600), session_of(1001)}); // 600 has ended meanwhile: it is given once
    expect_equal(scene.list(wanted(true)), range(1, 1001));
    scene.slots.held.pop_front();
    expect_equal(scene.list(wanted(true, 700)), range(302, 1001));
}

void a_session_that_ends_meanwhile_is_given_once(void** /*state*/) {
    Scene scene;
    scene.record({ended(1)});
    scene.hold({session_of(2), session_of(3)});
    SessionList list{scene.slots, scene.store, wanted(true)};
    scene.record({ended(2), ended(3), ended(4)});
    scene.slots.held.clear();
    expect_equal(Scene::rest_of(list), "1 2 3 4");
}

/// Then pages of the store have what is about to be given already.
void many_sessions_that_end_meanwhile_are_given_once(void** /*state*/) {
    Scene scene;
    std::vector<Session> early;
    std::vector<Session> late;
    for (int number = 1; number <= 601; ++number)
        (number <= 300 ? early : late).push_back(ended(number));
    scene.record(early);
    for (int number = 301; number <= 600; ++number)
        scene.hold({session_of(number)});
    SessionList list{scene.slots, scene.store, wanted(true)};
    expect_equal(number_of(Scene::next_of(list)->id), 1);
    scene.record(late);
    scene.slots.held.clear();
    expect_equal(Scene::rest_of(list), range(2, 601));
    expect_equal(list.problem(), "");
}

void one_that_ends_before_its_page_is_read_is_given_once(void** /*state*/) {
    Scene scene;
    for (int number = 1; number <= 100; ++number)
        scene.hold({session_of(number)});
    SessionList list{scene.slots, scene.store, wanted(true)};
    expect_equal(number_of(Scene::next_of(list)->id), 1);
    for (const int number : {20, 50, 99, 100}) {
        scene.record({ended(number)});
        std::erase_if(scene.slots.held,
                      [&](const Session& session) { return number_of(session.id) == number; });
    }
    expect_equal(Scene::rest_of(list), range(2, 100));
}

/// Else a list would not end while there are more logins than it can tell.
void a_session_that_begins_meanwhile_is_not_given(void** /*state*/) {
    Scene scene;
    scene.hold({session_of(1), session_of(2)});
    SessionList list{scene.slots, scene.store, wanted(false)};
    scene.hold({session_of(3)});
    expect_equal(Scene::rest_of(list), "1 2");
}

void many_live_sessions_are_listed_to_the_end(void** /*state*/) {
    Scene scene;
    for (int number = 1; number <= 1024; ++number)
        scene.hold({session_of(number)});
    expect_equal(scene.list(wanted(false)), range(1, 1024));
    expect_equal(scene.list(wanted(false, 700)), range(325, 1024));
    expect_equal(scene.list(wanted(false, 256)), range(769, 1024));
}

/// A login waits for a step, however much there is to be passed over.
void no_step_asks_for_much(void** /*state*/) {
    Scene scene;
    std::vector<Session> sessions;
    for (int number = 1; number <= 3000; ++number)
        sessions.push_back(ended(number, "bob", 2));
    scene.record(sessions);
    for (int number = 3001; number <= 6000; ++number)
        scene.hold({session_of(number, "carol")});
    for (const auto& question : {wanted(true), wanted(true, 4500), wanted(true, 2000),
                                 wanted(true, {}, {.account = "alice", .uid = {}})}) {
        SessionList list{scene.slots, scene.store, question};
        while (!list.is_over()) {
            scene.slots.asked = 0;
            (void)list.step();
            expect(scene.slots.asked <= 64, "the slots are asked for a page");
        }
        expect_equal(list.problem(), "");
    }
}

/// A user can ask for any account: what of the own history is not of it is passed over in many steps.
void no_step_goes_through_a_long_history(void** /*state*/) {
    Scene scene;
    std::vector<Session> sessions;
    for (int number = 1; number <= 3000; ++number)
        sessions.push_back(ended(number, number == 1500 ? "web" : "alice", 1));
    scene.record(sessions);
    const auto steps_of = [&](const std::string& account, std::optional<std::int64_t> limit,
                              const std::string& expected) {
        SessionList list{scene.slots, scene.store, wanted(true, limit, {.account = account, .uid = 1})};
        std::string found;
        int steps = 0;
        for (; !list.is_over(); ++steps)
            if (const auto session = list.step())
                found += std::to_string(number_of(session->id));
        expect_equal(found, expected);
        return steps;
    };
    expect(steps_of("nosuch", 1, "") >= 3000 / 64, "counted in pages");
    expect(steps_of("nosuch", {}, "") >= 3000 / 64, "read in pages");
    expect(steps_of("web", 1, "1500") >= 1500 / 64, "counted in pages");
    expect(steps_of("web", {}, "1500") >= 3000 / 64, "read in pages");
}

void one_that_is_over_while_the_newest_are_counted_is_counted_once(void** /*state*/) {
    Scene scene;
    for (int number = 1; number <= 300; ++number)
        scene.hold({session_of(number)});
    SessionList list{scene.slots, scene.store, wanted(true, 250)};
    expect(!list.step(), "it has counted the newest");
    for (const int number : {10, 100, 299}) {
        scene.record({ended(number)});
        std::erase_if(scene.slots.held,
                      [&](const Session& session) { return number_of(session.id) == number; });
    }
    expect_equal(Scene::rest_of(list), range(51, 300));
}

void a_store_that_cannot_be_read_is_a_problem(void** /*state*/) {
    Scene scene;
    std::filesystem::create_directory(scene.directory.path("sessions.db"));
    scene.hold({session_of(2)});
    for (const auto limit : {std::optional<std::int64_t>{}, std::optional<std::int64_t>{1}}) {
        SessionList list{scene.slots, scene.store, wanted(true, limit)};
        expect_equal(Scene::rest_of(list), "");
        expect_within(list.problem(), "sessions.db: ");
    }
    SessionList live{scene.slots, scene.store, wanted(false)};
    expect_equal(Scene::rest_of(live), "2");
    expect_equal(live.problem(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_list_without_sessions_is_empty),
        SOLO_TEST(sessions_that_are_over_are_listed_only_where_asked_for),
        SOLO_TEST(the_newest_are_listed_oldest_first),
        SOLO_TEST(a_filter_holds_for_both_kinds),
        SOLO_TEST(a_long_history_is_read_to_its_end),
        SOLO_TEST(a_session_that_ends_meanwhile_is_given_once),
        SOLO_TEST(many_sessions_that_end_meanwhile_are_given_once),
        SOLO_TEST(one_that_ends_before_its_page_is_read_is_given_once),
        SOLO_TEST(a_session_that_begins_meanwhile_is_not_given),
        SOLO_TEST(many_live_sessions_are_listed_to_the_end),
        SOLO_TEST(no_step_asks_for_much),
        SOLO_TEST(no_step_goes_through_a_long_history),
        SOLO_TEST(one_that_is_over_while_the_newest_are_counted_is_counted_once),
        SOLO_TEST(a_store_that_cannot_be_read_is_a_problem),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
