// SPDX-License-Identifier: MIT
#include "daemon/core/live_session.hpp"
#include "tests/unit/sessions.hpp"

using namespace solo;
using namespace solo::testing;
using namespace std::string_literals;

namespace {

LiveSession live(const Session& session) {
    return {session, Terms{Rules{}}, Line::open};
}

/// One that is not over and in which everything else is set.
Session everything() {
    Session session = full_session(1);
    session.state = State::ending;
    session.ended.reset();
    session.superseded_by.reset();
    return session;
}

void it_has_all_of_a_session(void** /*state*/) {
    expect_same(live(everything()).full(), everything());
    expect_same(live(session_of(1)).full(), session_of(1));
}

void no_text_is_another_thing_than_an_empty_one(void** /*state*/) {
    Session session = session_of(1);
    session.origin = {.service = "", .tty = "", .rhost = {}, .ruser = ""};
    session.nonce.clear();
    session.traces.logind_session = "";
    expect_same(live(session).full(), session);
}

void texts_may_have_any_bytes_and_any_length(void** /*state*/) {
    for (const std::size_t length : {1, 126, 127, 128, 16'382, 16'383, 16'384, 2'100'000}) {
        Session session = session_of(1, "a\0b\xff"s);
        session.origin.tty = std::string(length, '\0');
        session.origin.rhost = std::string(length, '\x80');
        session.gids.assign(length, 0x80ff0001);
        expect_same(live(session).full(), session);
    }
}

void what_is_learnt_later_leaves_the_rest_as_it_is(void** /*state*/) {
    Session session = everything();
    LiveSession learning = live(session);
    session.traces = {.line_inode = 1, .audit_session = {}, .logind_session = "a longer one than before"};
    learning.set_traces(session.traces);
    expect_same(learning.full(), session);
    session.gids = {7, 8, 9, 10};
    learning.set_gids(session.gids);
    expect_same(learning.full(), session);
    session.traces = {};
    learning.set_traces(session.traces);
    expect_same(learning.full(), session);
}

/// A lease with its parts of the indexes takes some 350 bytes then; at most 400 are allowed
/// (docs/benchmarks.md).
void it_is_small(void** /*state*/) {
    expect(sizeof(LiveSession) <= 192, "sizeof(LiveSession) is " + std::to_string(sizeof(LiveSession)));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(it_has_all_of_a_session),
        SOLO_TEST(no_text_is_another_thing_than_an_empty_one),
        SOLO_TEST(texts_may_have_any_bytes_and_any_length),
        SOLO_TEST(what_is_learnt_later_leaves_the_rest_as_it_is),
        SOLO_TEST(it_is_small),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
