// SPDX-License-Identifier: MIT
#include "daemon/line.hpp"
#include "protocol/channel.hpp"
#include "protocol/line_name.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/temp_dir.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;
using solo::protocol::Channel;
using solo::protocol::Deadline;
using solo::protocol::Named;
using solo::protocol::UniqueFd;

namespace {

struct Address {
    sockaddr_un bytes{};
    socklen_t size = 0;

    explicit Address(std::string_view path) {
        bytes.sun_family = AF_UNIX;
        path.copy(bytes.sun_path, sizeof bytes.sun_path);
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};

std::uint64_t inode_of(int fd) {
    struct stat status {};
    expect_equal(::fstat(fd, &status), 0);
    return status.st_ino;
}

/// What listens, as solod does.
class Listener {
public:
    Listener() : fd_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        const Address address{path()};
        expect_equal(::bind(fd_.get(), address.get(), address.size), 0);
        expect_equal(::listen(fd_.get(), 8), 0);
    }

    [[nodiscard]] const std::string& directory() const { return directory_.path(); }
    [[nodiscard]] std::string path() const { return directory_.path("login.sock"); }
    [[nodiscard]] UniqueFd accept() const {
        return UniqueFd{::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    }

    /// A client whose socket has this name; none where it is empty.
    [[nodiscard]] UniqueFd client(std::string_view name) const {
        UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const Address own{name};
        if (!name.empty())
            expect_equal(::bind(fd.get(), own.get(), own.size), 0);
        const Address address{path()};
        expect_equal(::connect(fd.get(), address.get(), address.size), 0);
        return fd;
    }

    [[nodiscard]] Channel channel(Named named) const {
        auto channel = Channel::connect(path(), Deadline::in(10s), Deadline::in(0ms), std::nullopt, named);
        expect(channel.has_value(), "it connects");
        return *std::move(channel);
    }

private:
    TempDir directory_;
    UniqueFd fd_;
};

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {}));
}

/// The inode of the far end of this line, and whether the kernel was asked for it: that takes a socket.
std::optional<std::uint64_t> far_end(int line, bool is_kernel_asked) {
    SocketDiagnosis kernel;
    const auto before = open_descriptors();
    const auto inode = inode_of_line(line, kernel);
    expect_equal(open_descriptors() != before, is_kernel_asked);
    return inode;
}

void a_line_tells_its_inode(void** /*state*/) {
    const Listener listener;
    const Channel channel = listener.channel(Named::as_line);
    const UniqueFd line = listener.accept();
    expect(far_end(line.get(), false) == inode_of(channel.fd()), "by its name");
}

void of_what_has_no_name_the_kernel_tells_the_inode(void** /*state*/) {
    const Listener listener;
    const Channel channel = listener.channel(Named::no);
    const UniqueFd line = listener.accept();
    expect(far_end(line.get(), true) == inode_of(channel.fd()), "by the socket");
}

void another_name_tells_nothing(void** /*state*/) {
    using namespace std::string_view_literals;
    const Listener listener;
    std::filesystem::current_path(listener.directory());
    std::filesystem::create_directory("xsolo");
    for (const std::string_view name :
         {"\0solo/"sv, "\0solo/0"sv, "\0solo/77x"sv, "\0solo/ 77"sv, "\0solo/-77"sv, "\0solo/77\0"sv,
          "\0solo77"sv, "\0sol"sv, "\0\0solo/77"sv, "\0solo/99999999999999999999"sv, "xsolo/77"sv}) {
        const UniqueFd client = listener.client(name);
        const UniqueFd line = listener.accept();
        expect(far_end(line.get(), true) == inode_of(client.get()), std::string{name});
    }
}

/// Makes this process use the processor on which it runs now only.
void stay_here() {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &here);
    expect_equal(::sched_setaffinity(0, sizeof here, &here), 0);
}

bool has_name(int socket) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    expect_equal(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
    return size > offsetof(sockaddr_un, sun_path);
}

/// A name is anybody's. Inodes of sockets are consecutive on one processor (get_next_ino, fs/inode.c) while
/// nobody else makes one there: so it takes a few attempts.
void whose_name_is_taken_is_connected_without(void** /*state*/) {
    constexpr int guesses = 64;
    const Listener listener;
    stay_here();
    bool was_taken = false;
    for (int attempt = 0; attempt < 1000 && !was_taken; ++attempt) {
        std::vector<UniqueFd> others;
        for (int i = 0; i < guesses; ++i)
            others.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        auto next = inode_of(others.back().get());
        for (const UniqueFd& other : others) {
            const Address guessed{'\0' + protocol::line_name(++next)};
            (void)::bind(other.get(), guessed.get(), guessed.size);
        }
        const Channel channel = listener.channel(Named::as_line);
        was_taken = !has_name(channel.fd());
        const UniqueFd line = listener.accept();
        expect(far_end(line.get(), was_taken) == inode_of(channel.fd()), "it is known");
    }
    expect(was_taken, "one of the guesses is right");
}

/// More than one question over one socket.
void the_kernel_answers_again(void** /*state*/) {
    const Listener listener;
    SocketDiagnosis kernel;
    for (int i = 0; i < 3; ++i) {
        const UniqueFd client = listener.client({});
        const UniqueFd line = listener.accept();
        expect(kernel.peer_inode(line.get()) == inode_of(client.get()), "it is this one's");
    }
    expect(kernel.peer_inode(-1) == std::nullopt, "no socket");
}

} // namespace

int main() {
    (void)::unshare(CLONE_NEWNET); // where it is permitted, nobody else's names are in the way
    const CMUnitTest tests[] = {
        SOLO_TEST(a_line_tells_its_inode),     SOLO_TEST(of_what_has_no_name_the_kernel_tells_the_inode),
        SOLO_TEST(another_name_tells_nothing), SOLO_TEST(whose_name_is_taken_is_connected_without),
        SOLO_TEST(the_kernel_answers_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
