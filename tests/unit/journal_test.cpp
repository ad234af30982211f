// SPDX-License-Identifier: MIT
// Entries for systemd-journald, and a journald that reads, does not read, or is not there.
#include "daemon/journal.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/temp_dir.hpp"

#include <array>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

using namespace solo;
using namespace solo::testing;
using namespace std::string_literals;

namespace {

/// Where a journald would listen.
struct Scene {
    void listen() {
        listener.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, path.size());
        assert_int_equal(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                         0);
    }
    [[nodiscard]] std::string next() const {
        std::array<char, 4096> text{};
        const auto count = ::recv(listener.get(), text.data(), text.size(), 0);
        return count < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(count));
    }

    TempDir directory;
    std::string path = directory.path("socket");
    protocol::UniqueFd listener;
    Journal journal{path};
};

void plain_values_stand_on_a_line_each(void** /*state*/) {
    const std::array fields{JournalField{"MESSAGE", "in"}, JournalField{"SOLO_ACCOUNT", "a=b"}};
    expect_equal(journal_entry(fields), "MESSAGE=in\nSOLO_ACCOUNT=a=b\n");
}

void value_with_a_line_break_makes_no_field_of_its_own(void** /*state*/) {
    const std::array fields{JournalField{"SOLO_ACCOUNT", "a\nSOLO_UID=0"}, JournalField{"X", "y"}};
    expect_equal(journal_entry(fields), "SOLO_ACCOUNT\n\x0c\0\0\0\0\0\0\0a\nSOLO_UID=0\nX=y\n"s);
}

void entry_arrives_whole(void** /*state*/) {
    Scene scene;
    scene.listen();
    assert_true(scene.journal.send("A=1\n"));
    expect_equal(scene.next(), "A=1\n");
}

void without_journald_the_caller_says_it_elsewhere(void** /*state*/) {
    Scene scene;
    assert_false(scene.journal.send("A=1\n"));
    scene.listen();
    assert_true(scene.journal.send("A=2\n"));
    expect_equal(scene.next(), "A=2\n");
    assert_int_equal(scene.journal.lost(), 0);
}

void journald_that_does_not_read_holds_nobody_up_and_gets_all_in_order(void** /*state*/) {
    Scene scene;
    scene.listen();
    int asked = 0;
    scene.journal.on_waiting([&] { ++asked; });
    int sent = 0;
    for (; asked == 0 && sent < 100'000; ++sent)
        assert_true(scene.journal.send(std::to_string(sent)));
    for (const int end = sent + 5; sent < end; ++sent)
        assert_true(scene.journal.send(std::to_string(sent)));
    assert_int_equal(asked, 1);
    assert_false(scene.journal.send_waiting());
    for (int i = 0; i < sent; ++i) {
        expect_equal(scene.next(), std::to_string(i));
        (void)scene.journal.send_waiting();
    }
    assert_true(scene.journal.send_waiting());
    expect_equal(scene.next(), "nothing");
    assert_int_equal(scene.journal.lost(), 0);
}

void what_finds_no_room_to_wait_is_lost_and_counted(void** /*state*/) {
    Scene scene;
    scene.listen();
    bool waits = false;
    scene.journal.on_waiting([&] { waits = true; });
    while (!waits)
        assert_true(scene.journal.send("x"));
    for (std::size_t i = 1; i < Journal::most_waiting; ++i)
        assert_true(scene.journal.send("x"));
    assert_int_equal(scene.journal.lost(), 0);
    assert_true(scene.journal.send("x"));
    assert_int_equal(scene.journal.lost(), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(plain_values_stand_on_a_line_each),
        SOLO_TEST(value_with_a_line_break_makes_no_field_of_its_own),
        SOLO_TEST(entry_arrives_whole),
        SOLO_TEST(without_journald_the_caller_says_it_elsewhere),
        SOLO_TEST(journald_that_does_not_read_holds_nobody_up_and_gets_all_in_order),
        SOLO_TEST(what_finds_no_room_to_wait_is_lost_and_counted),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
