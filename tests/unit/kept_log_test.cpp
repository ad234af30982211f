// SPDX-License-Identifier: MIT
// Who writes after a checkpoint need not wait for the disk.
#include "daemon/record_queue.hpp"
#include "daemon/store.hpp"
#include "daemon/store_aside.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/sessions.hpp"
#include "tests/unit/temp_dir.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <asio/io_context.hpp>

#include <sys/syscall.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;

namespace {

/// How often this thread has waited for the disk.
thread_local int syncs = 0;

} // namespace

/// SQLite calls this one (os_unix.c, full_fsync).
extern "C" __attribute__((visibility("default"))) int fdatasync(int fd) {
    ++syncs;
    return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace {

struct Disk : TempDir {
    [[nodiscard]] std::string file() const { return path("sessions.db"); }
    [[nodiscard]] std::uintmax_t size() const { return std::filesystem::file_size(file()); }

    Store store{file(), Durability::interval, "boot", "host"};
    int last = 0;

    /// Writes records of so many more sessions, each by itself; how often that has waited for the disk.
    int write(int count) {
        const int before = syncs;
        for (; count > 0; --count)
            must(store.save(std::vector{over(session_of(++last))}));
        return syncs - before;
    }
};

/// How many descriptors of this file there are.
int count_open(const std::string& path) {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code gone; // the directory's own
        count += std::filesystem::read_symlink(entry.path(), gone) == path ? 1 : 0;
    }
    return count;
}

constexpr int some = 60; // take more than a page each

void a_log_that_is_not_kept_begins_anew(void** /*state*/) {
    Disk disk;
    disk.write(some);
    must(checkpoint(disk.file()));
    expect_equal(disk.write(some), 1);
}

void a_log_that_is_kept_goes_on(void** /*state*/) {
    Disk disk;
    disk.write(1); // all the database's tables
    for (int times = 0; times < 3; ++times) {
        const auto size = disk.size();
        disk.write(some);
        must(disk.store.keep_log());
        must(checkpoint(disk.file()));
        expect(disk.size() > size, "all is in the database");
        expect_equal(disk.write(1), 0);
    }
}

void a_long_log_begins_anew(void** /*state*/) {
    Disk disk;
    disk.write(some);
    must(disk.store.keep_log());
    disk.write(10 * some);
    must(disk.store.keep_log());
    must(checkpoint(disk.file()));
    expect_equal(disk.write(1), 1);
    disk.write(some);
    must(disk.store.keep_log());
    must(checkpoint(disk.file()));
    expect_equal(disk.write(some), 0);
}

/// Under whoever has the log open: nothing of it is kept, and that of the new one is.
void a_database_may_be_replaced(void** /*state*/) {
    for (const bool is_kept_before : {true, false}) {
        Disk disk;
        disk.write(some);
        if (is_kept_before)
            must(disk.store.keep_log());
        std::filesystem::copy(disk.file(), disk.path("another"));
        std::filesystem::rename(disk.path("another"), disk.file());
        must(disk.store.keep_log());
        expect_equal(count_open(disk.file()), 0);
        disk.write(some);
        expect(disk.store.close_if_lost(), "it is another file");
        must(disk.store.keep_log());
        disk.write(some);
        must(disk.store.keep_log());
        must(checkpoint(disk.file()));
        expect_equal(disk.write(1), 0);
    }
}

/// As solod does it, once a second.
void a_login_after_a_while_waits_for_no_disk(void** /*state*/) {
    const TempDir directory;
    asio::io_context loop;
    Store store{directory.path("sessions.db"), Durability::interval, "boot", "host"};
    RecordQueue queue{loop.get_executor(), store, [](const std::string& /*problem*/) {}};
    must(store.open());
    for (int number = 1; number <= 3; ++number) {
        const int before = syncs;
        queue.add(over(session_of(number)));
        queue.write();
        expect_equal(syncs, before);
        loop.restart();
        loop.run(); // the checkpoint
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_log_that_is_not_kept_begins_anew),
        SOLO_TEST(a_log_that_is_kept_goes_on),
        SOLO_TEST(a_long_log_begins_anew),
        SOLO_TEST(a_database_may_be_replaced),
        SOLO_TEST(a_login_after_a_while_waits_for_no_disk),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
