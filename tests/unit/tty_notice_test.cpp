// SPDX-License-Identifier: MIT
#include "daemon/tty_notice.hpp"
#include "protocol/unique_fd.hpp"
#include "tests/support/cmocka.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"
#include "tests/unit/temp_dir.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using solo::protocol::UniqueFd;

namespace {

/// A device number as proc(5) shows it in tty_nr.
int terminal_number(dev_t device) {
    const unsigned low = minor(device);
    return static_cast<int>((low & 0xffU) | (major(device) << 8U) | ((low & 0xfff00U) << 12U));
}

/// A pseudo-terminal: what is written to `slave` the person reads from `master`.
struct Terminal {
    Terminal() {
        int ends[2];
        termios raw{};
        ::cfmakeraw(&raw);
        if (::openpty(&ends[0], &ends[1], nullptr, &raw, nullptr) != 0)
            throw std::system_error{errno, std::generic_category(), "openpty"};
        master.reset(ends[0]);
        slave.reset(ends[1]);
        ::fcntl(master.get(), F_SETFL, O_NONBLOCK);
        set_mode(0620); // as mesg y has it
    }

    [[nodiscard]] struct stat status() const {
        struct stat status {};
        ::fstat(slave.get(), &status);
        return status;
    }
    [[nodiscard]] int number() const { return terminal_number(status().st_rdev); }
    void set_mode(mode_t mode) const { ::fchmod(slave.get(), mode); }

    /// What the person sees of what has been written by now.
    [[nodiscard]] std::string shown() const {
        std::string text;
        char bytes[4096];
        for (ssize_t count = 0; (count = ::read(master.get(), bytes, sizeof bytes)) > 0;)
            text.append(bytes, static_cast<std::size_t>(count));
        return text;
    }

    /// Writes until the terminal takes no more and has nothing left to pass on: the kernel moves what it took
    /// to the reader's buffer later, as long as that has room, and then takes more (drivers/tty/n_tty.c).
    void fill() const {
        constexpr int reader_buffer = 4096 - 1; // N_TTY_BUF_SIZE
        ::fcntl(slave.get(), F_SETFL, O_NONBLOCK);
        const std::string bytes(1024, 'x');
        int unread = 0;
        do {
            while (::write(slave.get(), bytes.data(), bytes.size()) > 0) {
            }
            expect_equal(errno, EAGAIN);
            ::sched_yield();
            expect(::ioctl(master.get(), FIONREAD, &unread) == 0, "the reader's side is asked");
        } while (unread < reader_buffer);
        while (::write(slave.get(), bytes.data(), bytes.size()) > 0) {
        }
    }

    UniqueFd master;
    UniqueFd slave;
};

void a_notice_is_written_once_on_a_line_of_its_own(void** /*state*/) {
    const Terminal terminal;
    expect(write_notice(terminal.number(), std::nullopt, {"You are logged out."}), "it is written");
    expect_equal(terminal.shown(), "\r\nYou are logged out.\r\n");
}

void a_notice_reaches_its_owner(void** /*state*/) {
    const Terminal terminal;
    expect(write_notice(terminal.number(), terminal.status().st_uid, {"bye"}), "it is written");
    expect_equal(terminal.shown(), "\r\nbye\r\n");
}

void control_characters_are_escaped(void** /*state*/) {
    const Terminal terminal;
    const std::string text = std::string{"a\x1b[2J\x07\r\n\x9b"} + '\0' + "\xe2\x80\xae z";
    expect(write_notice(terminal.number(), std::nullopt, {text}), "it is written");
    expect_equal(terminal.shown(), "\r\na\\x1b[2J\\x07\\x0d\\x0a\\x9b\\x00\\xe2\\x80\\xae z\r\n");
}

void a_terminal_of_another_owner_is_left_alone(void** /*state*/) {
    const Terminal terminal;
    expect(!write_notice(terminal.number(), terminal.status().st_uid + 1, {"bye"}), "it is not written");
    expect_equal(terminal.shown(), "");
}

void a_terminal_that_takes_no_messages_is_left_alone(void** /*state*/) {
    const Terminal terminal;
    terminal.set_mode(0600); // mesg n
    expect(!write_notice(terminal.number(), std::nullopt, {"bye"}), "it is not written");
    expect_equal(terminal.shown(), "");
}

void who_may_writes_also_where_no_messages_are_taken(void** /*state*/) {
    const Terminal terminal;
    terminal.set_mode(0600);
    const Notice notice{.text = "bye", .ignores_mesg = true};
    const std::uint32_t owner = terminal.status().st_uid;
    expect(!write_notice(terminal.number(), owner + 1, notice), "another owner's is left alone");
    expect(write_notice(terminal.number(), owner, notice), "it is written");
    expect_equal(terminal.shown(), "\r\nbye\r\n");
    const Terminal full;
    full.fill();
    expect(!write_notice(full.number(), owner, notice), "a full one goes without at once");
}

void a_terminal_that_is_full_goes_without_at_once(void** /*state*/) {
    const Terminal terminal;
    terminal.fill();
    expect(!write_notice(terminal.number(), std::nullopt, {"bye"}), "it is not written");
    expect(terminal.shown().find("bye") == std::string::npos, "nothing is shown");
}

void a_terminal_that_is_stopped_goes_without_at_once(void** /*state*/) {
    const Terminal terminal;
    ::tcflow(terminal.slave.get(), TCOOFF);
    expect(!write_notice(terminal.number(), std::nullopt, {"bye"}), "it is not written");
    ::tcflow(terminal.slave.get(), TCOON);
    expect_equal(terminal.shown(), "");
}

void a_terminal_that_is_hung_up_is_no_error(void** /*state*/) {
    Terminal terminal;
    const int number = terminal.number();
    terminal.master.reset();
    expect(!write_notice(number, std::nullopt, {"bye"}), "it is not written");
}

void a_terminal_that_does_not_exist_is_no_error(void** /*state*/) {
    expect(!write_notice(terminal_number(makedev(136, 999'999)), std::nullopt, {"bye"}), "no such pts");
    expect(!write_notice(terminal_number(makedev(255, 1'048'575)), std::nullopt, {"bye"}), "no such device");
    expect(!write_notice(0, std::nullopt, {"bye"}), "none");
    expect(!write_notice(-1, std::nullopt, {"bye"}), "nonsense");
}

/// In a process of its own, a /dev/pts in which `place` puts something under the terminal's number.
template<class Place>
void expect_unwritten(const Terminal& terminal, const Place& place) {
    const std::string path = "/dev/pts/" + std::to_string(minor(terminal.status().st_rdev));
    in_child([&] {
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", "/dev/pts", "tmpfs", 0, nullptr) != 0)
            throw std::system_error{errno, std::generic_category(), "a /dev/pts of its own"};
        place(path);
        expect(!write_notice(terminal.number(), std::nullopt, {"bye"}), "it is not written");
        if (std::filesystem::is_regular_file(path))
            expect_equal(read_bytes(path), "before");
    });
    expect_equal(terminal.shown(), "");
}

void a_regular_file_in_the_terminals_place_is_never_written(void** /*state*/) {
    const Terminal terminal;
    expect_unwritten(terminal, [](const std::string& path) {
        std::ofstream{path} << "before";
        ::chmod(path.c_str(), 0666);
    });
}

void a_link_in_the_terminals_place_is_not_followed(void** /*state*/) {
    const Terminal terminal;
    expect_unwritten(terminal, [&](const std::string& path) {
        expect(::mknod("/dev/pts/real", S_IFCHR | 0620, terminal.status().st_rdev) == 0, "made");
        expect(::symlink("real", path.c_str()) == 0, "linked");
    });
}

void another_device_in_the_terminals_place_is_not_written(void** /*state*/) {
    const Terminal terminal;
    const Terminal other;
    expect_unwritten(terminal, [&](const std::string& path) {
        expect(::mknod(path.c_str(), S_IFCHR | 0620, other.status().st_rdev) == 0, "made");
        ::chmod(path.c_str(), 0620);
    });
    expect_equal(other.shown(), "");
}

void a_fifo_in_the_terminals_place_does_not_block(void** /*state*/) {
    const Terminal terminal;
    expect_unwritten(terminal,
                     [](const std::string& path) { expect(::mkfifo(path.c_str(), 0666) == 0, "made"); });
}

void a_device_is_found_by_its_name_in_sysfs(void** /*state*/) {
    struct stat status {};
    expect(::stat("/dev/null", &status) == 0, "there is /dev/null");
    const int number = terminal_number(status.st_rdev);
    expect(!write_notice(number, status.st_uid + 1, {"bye"}), "another owner's is left alone");
    expect_equal(write_notice(number, status.st_uid, {"bye"}), (status.st_mode & S_IWGRP) != 0);
}

void no_descriptor_is_left_and_no_controlling_terminal_taken(void** /*state*/) {
    const Terminal terminal;
    const UniqueFd before{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    for (int i = 0; i < 100; ++i)
        write_notice(terminal.number(), std::nullopt, {"bye"});
    const UniqueFd after{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    expect_equal(after.get(), before.get() + 1);
    (void)terminal.shown();
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        SOLO_TEST(a_notice_is_written_once_on_a_line_of_its_own),
        SOLO_TEST(a_notice_reaches_its_owner),
        SOLO_TEST(control_characters_are_escaped),
        SOLO_TEST(a_terminal_of_another_owner_is_left_alone),
        SOLO_TEST(a_terminal_that_takes_no_messages_is_left_alone),
        SOLO_TEST(who_may_writes_also_where_no_messages_are_taken),
        SOLO_TEST(a_terminal_that_is_full_goes_without_at_once),
        SOLO_TEST(a_terminal_that_is_stopped_goes_without_at_once),
        SOLO_TEST(a_terminal_that_is_hung_up_is_no_error),
        SOLO_TEST(a_terminal_that_does_not_exist_is_no_error),
        SOLO_TEST(a_regular_file_in_the_terminals_place_is_never_written),
        SOLO_TEST(a_link_in_the_terminals_place_is_not_followed),
        SOLO_TEST(another_device_in_the_terminals_place_is_not_written),
        SOLO_TEST(a_fifo_in_the_terminals_place_does_not_block),
        SOLO_TEST(a_device_is_found_by_its_name_in_sysfs),
        SOLO_TEST(no_descriptor_is_left_and_no_controlling_terminal_taken),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
