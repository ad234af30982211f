// SPDX-License-Identifier: MIT
#include "daemon/process_handle.hpp"
#include "daemon/process_set.hpp"
#include "daemon/process_table.hpp"
#include "tests/unit/expect.hpp"
#include "tests/unit/in_child.hpp"
#include "tests/unit/sessions.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using solo::protocol::UniqueFd;

namespace {

/// A tree of processes. Its root runs the body given; each process that a body begins with `begin` lives
/// until it is killed, or until the test is over.
class Tree {
public:
    using Body = std::function<void()>;

    explicit Tree(const Body& body) {
        make_pipe(said_, say_);
        make_pipe(end_, alive_);
        root_ = ::fork();
        if (root_ == 0) {
            alive_.reset();
            begun_in = this;
            live(body);
        }
        say_.reset();
        while (await_pid() != root_) {
        }
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree() {
        ::fcntl(said_.get(), F_SETFL, O_NONBLOCK);
        for (int pid = 0; ::read(said_.get(), &pid, sizeof pid) == sizeof pid;)
            pids_.insert(pid);
        for (const int pid : pids_)
            ::kill(pid, SIGKILL);
        ::waitpid(root_, nullptr, 0);
        for (const int pid : pids_)
            ::waitpid(pid, nullptr, 0); // orphans are ours as well: see main()
    }

    /// To be called by a body: a child that runs its own body and lives on.
    static void begin(const Body& body = [] {}) {
        if (::fork() == 0)
            live(body);
    }

    /// A process that says its pid when its body is done.
    [[noreturn]] static void live(const Body& body) {
        body();
        const int pid = ::getpid();
        (void)!::write(begun_in->say_.get(), &pid, sizeof pid);
        char nothing = 0;
        (void)!::read(begun_in->end_.get(), &nothing, 1);
        ::_exit(0);
    }

    [[nodiscard]] int root() const { return root_; }
    [[nodiscard]] Process leader() const { return read_process(root_).value().process; }

    /// A child of that process, when it has come to live.
    int child_of(int parent) {
        for (;;) {
            for (const int pid : pids_)
                if (const auto status = read_process(pid); pid != root_ && status && status->parent == parent)
                    return pid;
            await_pid();
        }
    }
    int child() { return child_of(root_); }

private:
    static void make_pipe(UniqueFd& out, UniqueFd& in) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw std::system_error{errno, std::generic_category(), "pipe2"};
        out.reset(ends[0]);
        in.reset(ends[1]);
    }

    int await_pid() {
        int pid = 0;
        if (::read(said_.get(), &pid, sizeof pid) != sizeof pid)
            throw std::runtime_error{"a process of the tree has died"};
        pids_.insert(pid);
        return pid;
    }

    static inline const Tree* begun_in = nullptr;

    UniqueFd said_;
    UniqueFd say_;
    UniqueFd end_;
    UniqueFd alive_;
    pid_t root_ = -1;
    std::set<int> pids_;
};

/// Waits until the process has exited, whoever's child it is.
void await_exit(int pid) {
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    pollfd exited{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
    if (pidfd)
        expect(::poll(&exited, 1, 20'000) == 1, "the process exits");
}

/// Kills one process of a tree and waits until it has exited.
void kill_and_await(int pid) {
    ::kill(pid, SIGKILL);
    await_exit(pid);
}

Process process_of(int pid) {
    const auto status = read_process(pid);
    if (!status)
        throw std::runtime_error{"no process " + std::to_string(pid)};
    return status->process;
}

Session session_of(const Process& leader, Traces traces = {}) {
    Session session = solo::testing::session_of(1);
    session.leader = leader;
    session.traces = traces;
    return session;
}

std::set<int> pids_in(const ProcessSet& processes) {
    std::set<int> pids;
    for (const auto& [pid, handle] : processes.members())
        pids.insert(pid);
    return pids;
}

/// Looks for all that the set wants to know.
void refresh(ProcessSet& processes) {
    processes.refresh(take_snapshot(processes.query(true)));
}

std::set<int> refreshed(ProcessSet& processes) {
    refresh(processes);
    return pids_in(processes);
}

bool has_socket_open(int pid, std::uint64_t inode) {
    return open_sockets(pid, {inode, 1}).contains(inode);
}

std::uint64_t inode_of(int fd) {
    struct stat status {};
    ::fstat(fd, &status);
    return status.st_ino;
}

struct SocketPair {
    SocketPair() {
        int fds[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
            throw std::system_error{errno, std::generic_category(), "socketpair"};
        ours.reset(fds[0]);
        theirs.reset(fds[1]);
    }
    UniqueFd ours;
    UniqueFd theirs;
};

template<class Body>
void expect_throws(const Body& body, const char* what) {
    try {
        body();
    } catch (const std::system_error&) {
        return;
    }
    expect(false, std::string{what} + " throws");
}

std::set<int> open_descriptors() {
    std::set<int> descriptors;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
        descriptors.insert(std::stoi(entry.path().filename()));
    return descriptors;
}

/// Leaves so many descriptors free to this process; to be called in a child.
void leave_free(int count) {
    const int highest = *open_descriptors().rbegin();
    int fd = 0;
    while (fd <= highest) // fills the gaps
        fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const auto number = static_cast<rlim_t>(fd + 1 + count);
    const rlimit limit{number, number};
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The text of /proc/PID/stat.

std::string stat_text(const std::string& name, const std::string& state = "S") {
    return "42 (" + name + ") " + state +
           " 7 42 42 34817 42 4194304 1 0 0 0 0 0 0 0 20 0 1 0 123456789 9 9 18446744073709551615 1 1 0\n";
}

void a_process_is_read_from_its_text(void** /*state*/) {
    const auto status = parse_stat(stat_text("bash"));
    expect(status.has_value(), "it is read");
    expect_equal(status->process.pid, 42);
    expect_equal(status->process.start_time, 123'456'789U);
    expect_equal(status->parent, 7);
    expect_equal(status->session, 42);
    expect_equal(status->terminal, 34817);
    expect(!status->is_zombie, "it lives");
}

void a_commands_name_may_hold_anything(void** /*state*/) {
    for (const char* const name : {"", " ", ")", "(", ") (", ") S 1 1 1 1",
                                   "a) Z 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99", "1 2 3",
                                   "\n", "a\nb) R 1", "(((((((", ")))))))", "\xff\x1b[2J"}) {
        const auto status = parse_stat(stat_text(name));
        expect(status.has_value(), name);
        expect_equal(status->process.pid, 42);
        expect_equal(status->parent, 7);
        expect_equal(status->process.start_time, 123'456'789U);
        expect(!status->is_zombie, name);
    }
}

void a_zombie_and_a_dead_process_are_told(void** /*state*/) {
    expect(parse_stat(stat_text("x", "Z"))->is_zombie, "Z");
    expect(parse_stat(stat_text("x", "X"))->is_zombie, "X");
    for (const char* const state : {"R", "S", "D", "T", "t", "I", "P"})
        expect(!parse_stat(stat_text("x", state))->is_zombie, state);
    std::string threads = stat_text("x", "Z");
    threads.replace(threads.find(" 20 0 1 "), 8, " 20 0 2 ");
    expect(!parse_stat(threads)->is_zombie, "another of its threads runs");
}

void a_text_that_is_cut_off_is_no_process(void** /*state*/) {
    const std::string whole = stat_text("a) b");
    const std::size_t start_time_end = whole.find("123456789") + 9;
    for (std::size_t length = 0; length < whole.find("123456789"); ++length)
        expect(!parse_stat(whole.substr(0, length)), whole.substr(0, length));
    expect(parse_stat(whole.substr(0, start_time_end)).has_value(), "all that is needed is there");
}

void numbers_that_are_none_are_no_process(void** /*state*/) {
    const auto with = [](const std::string& from, const std::string& to) {
        std::string text = stat_text("bash");
        return parse_stat(text.replace(text.find(from), from.size(), to));
    };
    expect(!with("42 (", "99999999999 ("), "a pid that is too large");
    expect(!with("42 (", "x ("), "a pid that is none");
    expect(!with("42 (", "("), "no pid");
    expect(!with(" 7 ", " 99999999999 "), "a parent that is too large");
    expect(!with(" 7 ", " 7x "), "a parent that is none");
    expect(!with("34817", "99999999999"), "a terminal that is too large");
    expect(!with("123456789", "99999999999999999999"), "a start time that is too large");
    expect(!with("123456789", "-1"), "a start time that is negative");
    expect_equal(with("123456789", "18446744073709551615")->process.start_time, UINT64_MAX);
    expect_equal(with("34817", "-2147483648")->terminal, INT32_MIN);
    expect(!parse_stat("42 bash S 7"), "no name");
}

// /proc.

void credentials_are_read_from_their_text(void** /*state*/) {
    const auto found = parse_credentials("Name:\tbash\nUid:\t1000\t0\t0\t0\nGid:\t1000\t5\t5\t5\n"
                                         "Groups:\t27 100 1000 \nNSpid:\t1\n");
    expect_equal(found->uid, 1000U);
    expect(found->gids == std::vector<std::uint32_t>{1000, 27, 100, 1000}, "the groups");
    expect(parse_credentials("Uid:\t1\t1\t1\t1\nGroups:\t \n")->gids.empty(), "no groups");
    for (const char* const text : {"", "Name:\tx\n", "Uid:\n", "Uid:\tx\n", "Uid:\t-1\t1\t1\t1\n"})
        expect(!parse_credentials(text), text);
    expect_equal(read_credentials(::getpid())->uid, ::getuid());
    expect(!read_credentials(INT32_MAX), "no process");
}

void this_process_is_read(void** /*state*/) {
    const auto status = read_process(::getpid());
    expect(status.has_value(), "it is there");
    expect_equal(status->process.pid, ::getpid());
    expect_equal(status->parent, ::getppid());
    expect(status->process.start_time > 0 && !status->is_zombie, "it lives");
}

void a_child_is_read_until_it_is_reaped(void** /*state*/) {
    int pid = 0;
    {
        Tree tree{[] {}};
        pid = tree.root();
        expect_equal(read_process(pid)->parent, ::getpid());
        expect(!read_process(pid)->is_zombie, "it lives");
        kill_and_await(pid);
        expect(read_process(pid)->is_zombie, "it has exited");
    }
    expect(!read_process(pid), "it is no more");
}

void a_process_that_calls_itself_something_is_read(void** /*state*/) {
    const Tree tree{[] { ::prctl(PR_SET_NAME, ") Z 1 (\n)"); }};
    const auto status = read_process(tree.root());
    expect(status && status->parent == ::getpid() && !status->is_zombie, "its name does not matter");
}

void all_processes_are_listed(void** /*state*/) {
    const Tree tree{[] { Tree::begin(); }};
    const auto table = read_processes();
    for (const int pid : {1, ::getpid(), tree.root()})
        expect_equal(std::ranges::count(table, pid, [](const auto& status) { return status.process.pid; }),
                     1);
}

void pids_that_cannot_be_are_no_process(void** /*state*/) {
    for (const int pid : {-1, 0, INT32_MAX}) {
        expect(!read_process(pid), std::to_string(pid));
        expect(!ProcessHandle::open({.pid = pid, .start_time = 1}), std::to_string(pid));
        expect(!audit_session_of(pid), std::to_string(pid));
        expect(!has_socket_open(pid, 1), std::to_string(pid));
    }
}

void the_boot_has_an_id(void** /*state*/) {
    expect_equal(boot_id().size(), 36U);
    expect_equal(boot_id(), boot_id());
}

void a_socket_is_found_by_its_inode(void** /*state*/) {
    SocketPair line;
    const Tree holder{[] {}};
    const auto inode = inode_of(line.ours.get());
    line.ours.reset();
    expect(has_socket_open(holder.root(), inode), "the child has it");
    expect(!has_socket_open(::getpid(), inode), "this process has closed it");
    expect(!has_socket_open(holder.root(), inode + 1'000'000'000), "another inode");
    int pid = 0;
    {
        Tree gone{[] {}};
        pid = gone.root();
        kill_and_await(pid);
        expect(!has_socket_open(pid, inode), "a zombie has nothing open");
    }
    expect(!has_socket_open(pid, inode), "a process that is gone has nothing open");
}

/// A number that is an inode of a file, not of a socket, is another one.
void a_file_is_no_socket(void** /*state*/) {
    const UniqueFd file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    expect(!has_socket_open(::getpid(), inode_of(file.get())), "a file of that inode");
}

void a_process_that_must_not_be_looked_at_is_not_gone(void** /*state*/) {
    const SocketPair line;
    const Tree holder{[] {}};
    in_child([&] {
        expect(::setgid(65534) == 0 && ::setuid(65534) == 0, "nobody");
        expect_throws([&] { (void)has_socket_open(holder.root(), inode_of(line.ours.get())); },
                      "has_socket_open");
    });
}

// Audit sessions.

/// Gives this process an audit session of its own, as pam_loginuid does; false where the kernel does not.
bool begin_audit_session() {
    std::ofstream file{"/proc/self/loginuid"};
    file << "12345" << std::flush;
    return file.good() && audit_session_of(::getpid()).has_value();
}

/// A tree in an audit session of its own, whose root has one child; skips where the kernel has none.
void skip_without_audit() {
    bool has_audit = true;
    try {
        in_child([] { expect(begin_audit_session(), "an audit session begins"); });
    } catch (const std::exception&) {
        has_audit = false;
    }
    if (!has_audit) {
        print_message("this kernel gives no audit session\n");
        skip();
    }
}

void a_login_has_an_audit_session_of_its_own(void** /*state*/) {
    skip_without_audit();
    Tree tree{[] {
        begin_audit_session();
        Tree::begin();
    }};
    const int child = tree.child();
    const auto session = audit_session_of(tree.root());
    expect(session.has_value() && session != audit_session_of(::getpid()), "it has one");
    expect(audit_session_of(child) == session, "its child has the same");
    expect(own_audit_session(process_of(tree.root())) == session, "it is the root's own");
    expect(!own_audit_session(process_of(child)), "it is not the child's own");
    Process another = process_of(tree.root());
    ++another.start_time;
    expect(!own_audit_session(another), "another process of the pid has none");
}

void a_process_outside_any_login_has_no_audit_session(void** /*state*/) {
    if (audit_session_of(::getpid()))
        return; // these tests run in one
    expect(!own_audit_session(process_of(::getpid())), "none is none");
}

// One process, held.

void a_process_is_held_by_pid_and_start_time(void** /*state*/) {
    const Tree tree{[] {}};
    const auto handle = ProcessHandle::open(tree.leader());
    expect(handle.has_value() && handle->is_alive(), "it lives");
    expect(handle->process() == tree.leader(), "it is the one");
    expect(handle->signal(0), "it can be signalled");
    expect((::fcntl(handle->pidfd(), F_GETFD) & FD_CLOEXEC) != 0, "nobody inherits it");
}

void another_start_time_is_another_process(void** /*state*/) {
    const Tree tree{[] {}};
    for (const std::uint64_t start_time :
         {std::uint64_t{0}, tree.leader().start_time - 1, tree.leader().start_time + 1, UINT64_MAX})
        expect(!ProcessHandle::open({.pid = tree.root(), .start_time = start_time}), "it is not the one");
}

void an_exited_process_is_not_alive_though_nobody_has_reaped_it(void** /*state*/) {
    const Tree tree{[] {}};
    const Process leader = tree.leader();
    const auto handle = ProcessHandle::open(leader);
    kill_and_await(tree.root());
    expect(!handle->is_alive(), "it has exited");
    expect(!ProcessHandle::open(leader), "it cannot be held any more");
}

void a_process_that_is_gone_takes_no_signal(void** /*state*/) {
    std::optional<ProcessHandle> handle;
    {
        const Tree tree{[] {}};
        handle = ProcessHandle::open(tree.leader());
    }
    expect(!handle->is_alive(), "it is gone");
    expect(!handle->signal(0) && !handle->signal(SIGKILL), "no signal reaches it");
}

void a_signal_reaches_the_process(void** /*state*/) {
    const Tree tree{[] {}};
    const auto handle = ProcessHandle::open(tree.leader());
    expect(handle->signal(SIGTERM), "it is sent");
    int status = 0;
    ::waitpid(tree.root(), &status, WUNTRACED);
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it has died of it");
}

void a_thread_is_no_process(void** /*state*/) {
    std::optional<bool> is_process;
    std::string error;
    std::thread thread{[&] {
        try {
            const auto status = read_process(static_cast<int>(::syscall(SYS_gettid)));
            is_process = status && ProcessHandle::open(status->process).has_value();
        } catch (const std::exception& thrown) {
            error = thrown.what();
        }
    }};
    thread.join();
    expect_equal(error, "");
    expect(is_process == false, "it cannot be held");
}

void an_adopted_pidfd_learns_the_start_time(void** /*state*/) {
    const Tree tree{[] {}};
    UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, tree.root(), 0))};
    const auto handle = ProcessHandle::adopt(std::move(pidfd), tree.root());
    expect(handle && handle->process() == tree.leader(), "it is the one");
}

void a_pidfd_of_an_exited_process_is_not_adopted(void** /*state*/) {
    const Tree tree{[] {}};
    UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, tree.root(), 0))};
    kill_and_await(tree.root());
    expect(!ProcessHandle::adopt(std::move(pidfd), tree.root()), "it is no more");
}

// Trees, as a table.

ProcessStatus entry(int pid, int parent) {
    return {.process = {.pid = pid, .start_time = 1}, .parent = parent, .terminal = 0, .is_zombie = false};
}

void descendants_are_found_in_any_order(void** /*state*/) {
    const std::vector<ProcessStatus> table{entry(5, 4), entry(4, 3), entry(1, 0), entry(2, 1),
                                           entry(3, 2), entry(9, 2), entry(7, 1), entry(8, 7)};
    expect(descendants(table, {3}) == std::set<int>{3, 4, 5}, "of 3");
    expect(descendants(table, {2}) == std::set<int>{2, 3, 4, 5, 9}, "of 2");
    expect(descendants(table, {5, 7}) == std::set<int>{5, 7, 8}, "of 5 and 7");
    expect(descendants(table, {3, 2}) == std::set<int>{2, 3, 4, 5, 9}, "of 3 and 2");
    expect(descendants(table, {}).empty(), "of nobody");
    expect(descendants(table, {77}) == std::set<int>{77}, "of one that is not there");
    expect(descendants({}, {1}) == std::set<int>{1}, "of an empty table");
}

/// Of an orphan its parent says nothing any more, and who began its POSIX session still does.
void orphans_are_found_by_who_began_their_posix_session(void** /*state*/) {
    const auto of_session = [](int pid, int session) {
        ProcessStatus status = entry(pid, 1);
        status.session = session;
        return status;
    };
    const std::vector<ProcessStatus> table{entry(2, 1), of_session(3, 3),  of_session(4, 3), of_session(5, 2),
                                           entry(6, 4), of_session(7, 77), of_session(8, 0)};
    expect(descendants(table, {3}) == std::set<int>{3, 4, 6}, "an orphan and its child");
    expect(descendants(table, {4}) == std::set<int>{4, 6}, "who only is in a session did not begin it");
    expect(descendants(table, {2}) == std::set<int>{2, 5}, "of 2");
}

/// A table is not read at one instant: parents may have changed meanwhile.
void a_table_that_goes_round_ends(void** /*state*/) {
    const std::vector<ProcessStatus> table{entry(1, 3), entry(2, 1), entry(3, 2), entry(4, 4)};
    expect(descendants(table, {2}) == std::set<int>{1, 2, 3}, "once around");
    expect(descendants(table, {4}) == std::set<int>{4}, "its own parent");
}

/// A person can make one: it must not hold up the logins of others.
void a_long_chain_takes_no_long_time(void** /*state*/) {
    constexpr int length = 30'000;
    std::vector<ProcessStatus> table;
    for (int pid = length; pid > 1; --pid)
        table.push_back(entry(pid, pid - 1));
    const auto begin = std::chrono::steady_clock::now();
    expect_equal(descendants(table, {1}).size(), std::size_t{length});
    expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds{2}, "it is soon done");
}

// The processes of a session.

void a_session_has_its_leader_and_its_descendants(void** /*state*/) {
    Tree tree{[] { Tree::begin([] { Tree::begin([] { Tree::begin(); }); }); }};
    const int child = tree.child();
    const int grandchild = tree.child_of(child);
    const std::set<int> all{tree.root(), child, grandchild, tree.child_of(grandchild)};
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    expect(processes.empty(), "nobody has looked yet");
    expect(refreshed(processes) == all, "all four");
}

void what_has_left_by_a_double_fork_stays_once_it_was_seen(void** /*state*/) {
    Tree tree{[] { Tree::begin([] { Tree::begin([] { ::setsid(); }); }); }};
    const int between = tree.child();
    const int orphan = tree.child_of(between);
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    expect(refreshed(processes) == std::set<int>{tree.root(), between, orphan}, "all three");
    kill_and_await(between);
    kill_and_await(tree.root());
    expect(refreshed(processes) == std::set<int>{orphan}, "the orphan is left");
    processes.signal(SIGKILL);
    await_exit(orphan);
    refresh(processes);
    expect(processes.empty(), "nobody is left");
}

void what_an_orphan_begins_belongs_to_the_session(void** /*state*/) {
    int go[2];
    expect(::pipe2(go, O_CLOEXEC) == 0, "a pipe");
    const UniqueFd wait{go[0]};
    const UniqueFd may{go[1]};
    Tree tree{[&] {
        if (::fork() != 0)
            return;
        ::setsid(); // says its pid only when its own child has
        char byte = 0;
        (void)!::read(wait.get(), &byte, 1);
        Tree::live([] { Tree::begin(); });
    }};
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    refresh(processes);
    kill_and_await(tree.root());
    (void)!::write(may.get(), "x", 1);
    const int orphan = tree.child_of(::getpid());
    expect(refreshed(processes) == std::set<int>{orphan, tree.child_of(orphan)}, "the orphan and its child");
}

/// Who forks and exits all the time would get away: nobody knows its parent.
void who_is_in_a_posix_session_of_the_dead_belongs_to_the_session(void** /*state*/) {
    int go[2];
    expect(::pipe2(go, O_CLOEXEC) == 0, "a pipe");
    const UniqueFd wait{go[0]};
    const UniqueFd may{go[1]};
    Tree tree{[&] {
        ::setsid();
        if (::fork() != 0)
            return;
        char byte = 0;
        (void)!::read(wait.get(), &byte, 1);
        Tree::begin();
        ::_exit(0);
    }};
    Session session = session_of(tree.leader());
    session.uid = ::getuid();
    ProcessSet processes{session, ProcessSet::Extent::all};
    ++*session.uid;
    ProcessSet of_another_user{session, ProcessSet::Extent::all};
    expect_equal(refreshed(processes).size(), 2U);
    expect_equal(refreshed(of_another_user).size(), 2U);
    kill_and_await(tree.root());
    ::waitpid(tree.root(), nullptr, 0);
    (void)!::write(may.get(), "x", 1);
    for (const int pid : pids_in(processes))
        await_exit(pid);
    const int left = tree.child_of(::getpid());
    expect(refreshed(processes) == std::set<int>{left}, "it is found by its POSIX session");
    expect(refreshed(of_another_user).empty(), "which may be another one of the same number");
}

/// It may have begun somebody else.
void who_has_come_and_gone_since_the_look_began_makes_no_end(void** /*state*/) {
    Tree tree{[] {}};
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    const auto found = take_snapshot(processes.query(true));
    kill_and_await(tree.root());
    processes.refresh(found);
    expect(processes.members().empty(), "it could not be held");
    int looks = 0;
    for (; !processes.empty() && looks < 100; ++looks)
        refresh(processes);
    expect(looks > 1, "one look that finds nobody says little then");
    expect(processes.empty(), "but nobody is left");
}

void a_member_that_exits_while_others_look_costs_one_look(void** /*state*/) {
    Tree tree{[] {}};
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    refresh(processes);
    const auto found = take_snapshot(processes.query(true));
    kill_and_await(tree.root());
    processes.refresh(found);
    expect(processes.members().empty() && !processes.empty(), "it may have begun another one");
    refresh(processes);
    expect(processes.empty(), "it has not");
}

void zombies_are_not_counted(void** /*state*/) {
    Tree tree{[] { Tree::begin(); }};
    const int child = tree.child();
    kill_and_await(child);
    expect(read_process(child)->is_zombie, "its parent does not reap it");
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    expect(refreshed(processes) == std::set<int>{tree.root()}, "the root alone");
    const Process leader = tree.leader();
    kill_and_await(tree.root());
    ProcessSet later{session_of(leader), ProcessSet::Extent::all};
    refresh(later);
    expect(later.empty(), "a leader that nobody has reaped is gone");
}

/// Its main thread calls pthread_exit(3).
void a_process_whose_first_thread_has_ended_is_counted(void** /*state*/) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::thread{[] { ::pause(); }}.detach();
        ::syscall(SYS_exit, 0); // of this thread alone
    }
    const auto ended_first = [&] {
        const std::string text = read_proc_file("/proc/" + std::to_string(pid) + "/stat");
        return text.find(") Z ") != std::string::npos;
    };
    for (int tries = 0; tries < 10'000 && !ended_first(); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    expect(ended_first(), "its first thread has ended");
    ProcessSet processes{session_of(process_of(pid)), ProcessSet::Extent::all};
    expect(refreshed(processes) == std::set<int>{pid}, "the process lives");
    kill_and_await(pid);
    expect(refreshed(processes).empty(), "and is killed like any other");
    ::waitpid(pid, nullptr, 0);
}

void who_is_asked_for_the_line_looks_at_descriptors(void** /*state*/) {
    const Traces traces{.line_inode = 7, .audit_session = 8, .logind_session = {}};
    const ProcessSet all{session_of(process_of(::getpid()), traces), ProcessSet::Extent::all};
    const ProcessSet remains{session_of(process_of(::getpid()), traces), ProcessSet::Extent::remains};
    for (const ProcessSet* const processes : {&all, &remains}) {
        expect(processes->query(false).sockets.empty(), "nobody has asked for the line");
        expect(processes->query(true).sockets == std::set<std::uint64_t>{7}, "the line");
    }
    expect(all.query(false).audit_sessions == std::set<std::uint32_t>{8}, "its audit session");
    expect(remains.query(false).audit_sessions.empty(), "where there is a line, it makes no remains");
}

void a_look_that_is_given_up_says_so(void** /*state*/) {
    int asked = 0;
    try {
        (void)take_snapshot({}, [&] { return ++asked < 3; });
        expect(false, "it goes on");
    } catch (const std::system_error& error) {
        expect(error.code() == std::errc::operation_canceled, error.what());
    }
    expect_equal(asked, 3);
}

void another_process_with_the_leaders_pid_is_left_alone(void** /*state*/) {
    Tree tree{[] { Tree::begin(); }};
    Process another = tree.leader();
    ++another.start_time;
    ProcessSet processes{session_of(another), ProcessSet::Extent::all};
    refresh(processes);
    expect(processes.empty(), "it is not the leader, nor are its children the session's");
}

void who_holds_the_line_belongs_to_the_session(void** /*state*/) {
    SocketPair line;
    Tree holder{[] { Tree::begin(); }};
    const int child = holder.child();
    const auto inode = inode_of(line.ours.get());
    line.ours.reset();
    const Tree stranger{[&] { ::close(line.theirs.get()); }};
    for (const auto extent : {ProcessSet::Extent::all, ProcessSet::Extent::remains}) {
        ProcessSet processes{session_of({.pid = INT32_MAX, .start_time = 1},
                                        {.line_inode = inode, .audit_session = {}, .logind_session = {}}),
                             extent};
        expect(refreshed(processes) == std::set<int>{holder.root(), child}, "the holder and its child");
    }
}

/// The login program's remains serve the person; what the person left running on purpose has no line.
void of_the_remains_only_who_holds_the_line_counts(void** /*state*/) {
    SocketPair line;
    const auto inode = inode_of(line.ours.get());
    Tree tree{[&] {
        line.ours.reset();
        Tree::begin();
    }};
    line.ours.reset();
    tree.child();
    const Session session =
        session_of(tree.leader(), {.line_inode = inode, .audit_session = {}, .logind_session = {}});
    ProcessSet remains{session, ProcessSet::Extent::remains};
    refresh(remains);
    expect(remains.empty(), "neither the leader nor its child has the line");
}

void a_session_is_found_by_its_audit_session(void** /*state*/) {
    skip_without_audit();
    Tree tree{[] {
        begin_audit_session();
        Tree::begin([] { Tree::begin([] { ::setsid(); }); });
    }};
    const int between = tree.child();
    const int orphan = tree.child_of(between);
    const Process leader = tree.leader();
    const Traces traces{.line_inode = {}, .audit_session = own_audit_session(leader), .logind_session = {}};
    expect(traces.audit_session.has_value(), "the login has its own");
    kill_and_await(between);
    kill_and_await(tree.root());
    for (const auto extent : {ProcessSet::Extent::all, ProcessSet::Extent::remains}) {
        ProcessSet processes{session_of(leader, traces), extent};
        expect(refreshed(processes) == std::set<int>{orphan}, "the orphan, which nobody had seen before");
    }
    const Traces with_line{.line_inode = 1, .audit_session = traces.audit_session, .logind_session = {}};
    ProcessSet remains{session_of(leader, with_line), ProcessSet::Extent::remains};
    refresh(remains);
    expect(remains.empty(), "where there is a line, the audit session does not make remains");
}

void this_process_is_never_a_member(void** /*state*/) {
    const Tree tree{[] {}};
    ProcessSet processes{session_of(process_of(::getpid())), ProcessSet::Extent::all};
    const auto pids = refreshed(processes);
    expect(!pids.contains(::getpid()), "solod does not signal itself");
    expect(pids.contains(tree.root()), "its children it may");
}

void the_terminals_of_a_session_are_known(void** /*state*/) {
    int ends[2];
    expect(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0, "a terminal");
    const UniqueFd master{ends[0]};
    const UniqueFd slave{ends[1]};
    struct stat status {};
    ::fstat(slave.get(), &status);
    const Tree with{[&] {
        ::setsid();
        ::ioctl(slave.get(), TIOCSCTTY, 0);
    }};
    const Tree without{[] { ::setsid(); }};
    ProcessSet processes{session_of(with.leader()), ProcessSet::Extent::all};
    refresh(processes);
    expect_equal(processes.terminals().size(), 1U);
    const auto number = static_cast<unsigned>(*processes.terminals().begin());
    expect_equal((number >> 8U) & 0xffU, major(status.st_rdev));
    expect_equal((number & 0xffU) | ((number >> 12U) & 0xfff00U), minor(status.st_rdev));
    ProcessSet others{session_of(without.leader()), ProcessSet::Extent::all};
    refresh(others);
    expect(others.terminals().empty(), "no terminal");
}

void a_signal_reaches_all_members(void** /*state*/) {
    Tree tree{[] { Tree::begin([] { Tree::begin(); }); }};
    const std::vector<int> pids{tree.root(), tree.child(), tree.child_of(tree.child())};
    ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
    refresh(processes);
    processes.signal(SIGKILL);
    for (const int pid : pids)
        await_exit(pid);
    refresh(processes);
    expect(processes.empty(), "all are gone");
}

void no_descriptor_is_left_open(void** /*state*/) {
    const Tree tree{[] { Tree::begin(); }};
    const auto before = open_descriptors();
    for (int i = 0; i < 3; ++i) {
        ProcessSet processes{
            session_of(tree.leader(), {.line_inode = 1, .audit_session = 1, .logind_session = {}}),
            ProcessSet::Extent::all};
        refresh(processes);
        (void)ProcessHandle::open({.pid = tree.root(), .start_time = 1});
        (void)own_audit_session(tree.leader());
    }
    expect(open_descriptors() == before, "none is left");
}

// Without descriptors.

void without_descriptors_nobody_passes_for_gone(void** /*state*/) {
    const SocketPair line;
    const Tree tree{[] {}};
    const Process leader = tree.leader();
    in_child([&] {
        leave_free(0);
        expect_throws([&] { (void)read_process(leader.pid); }, "read_process");
        expect_throws([&] { (void)read_processes(); }, "read_processes");
        expect_throws([&] { (void)audit_session_of(leader.pid); }, "audit_session_of");
        expect_throws([&] { (void)own_audit_session(leader); }, "own_audit_session");
        expect_throws([&] { (void)has_socket_open(leader.pid, inode_of(line.ours.get())); },
                      "has_socket_open");
        expect_throws([&] { (void)boot_id(); }, "boot_id");
        expect_throws([&] { (void)ProcessHandle::open(leader); }, "ProcessHandle::open");
    });
}

/// Each step of looking for processes needs one descriptor more than the one before it.
void a_set_that_cannot_look_throws_whatever_is_missing(void** /*state*/) {
    const SocketPair line;
    const Tree tree{[] {}};
    const Session session = session_of(
        tree.leader(), {.line_inode = inode_of(line.ours.get()), .audit_session = 77, .logind_session = {}});
    for (int free = 0; free < 6; ++free)
        in_child([&] {
            ProcessSet processes{session, ProcessSet::Extent::all};
            leave_free(free);
            try {
                refresh(processes);
            } catch (const std::system_error&) {
                expect(free < 5, "five descriptors are enough");
                return;
            }
            expect(processes.members().contains(session.leader.pid), "who looks finds");
        });
}

void a_set_keeps_its_members_when_it_cannot_look(void** /*state*/) {
    const Tree tree{[] {}};
    in_child([&] {
        ProcessSet processes{session_of(tree.leader()), ProcessSet::Extent::all};
        refresh(processes);
        leave_free(0);
        expect_throws([&] { refresh(processes); }, "refresh");
        expect(processes.members().contains(tree.root()), "the leader is still a member");
    });
}

void a_process_lives_whatever_the_limit(void** /*state*/) {
    const Tree tree{[] {}};
    in_child([&] {
        const auto handle = ProcessHandle::open(tree.leader());
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_NOFILE, &none);
        expect(handle->is_alive(), "poll(2) refuses, and that is no exit");
        kill_and_await(tree.root());
    });
}

} // namespace

int main() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const CMUnitTest tests[] = {
        SOLO_TEST(a_process_is_read_from_its_text),
        SOLO_TEST(a_commands_name_may_hold_anything),
        SOLO_TEST(a_zombie_and_a_dead_process_are_told),
        SOLO_TEST(a_text_that_is_cut_off_is_no_process),
        SOLO_TEST(numbers_that_are_none_are_no_process),
        SOLO_TEST(credentials_are_read_from_their_text),
        SOLO_TEST(this_process_is_read),
        SOLO_TEST(a_child_is_read_until_it_is_reaped),
        SOLO_TEST(a_process_that_calls_itself_something_is_read),
        SOLO_TEST(all_processes_are_listed),
        SOLO_TEST(pids_that_cannot_be_are_no_process),
        SOLO_TEST(the_boot_has_an_id),
        SOLO_TEST(a_socket_is_found_by_its_inode),
        SOLO_TEST(a_file_is_no_socket),
        SOLO_TEST(a_process_that_must_not_be_looked_at_is_not_gone),
        SOLO_TEST(a_login_has_an_audit_session_of_its_own),
        SOLO_TEST(a_process_outside_any_login_has_no_audit_session),
        SOLO_TEST(a_process_is_held_by_pid_and_start_time),
        SOLO_TEST(another_start_time_is_another_process),
        SOLO_TEST(an_exited_process_is_not_alive_though_nobody_has_reaped_it),
        SOLO_TEST(a_process_that_is_gone_takes_no_signal),
        SOLO_TEST(a_signal_reaches_the_process),
        SOLO_TEST(a_thread_is_no_process),
        SOLO_TEST(an_adopted_pidfd_learns_the_start_time),
        SOLO_TEST(a_pidfd_of_an_exited_process_is_not_adopted),
        SOLO_TEST(descendants_are_found_in_any_order),
        SOLO_TEST(orphans_are_found_by_who_began_their_posix_session),
        SOLO_TEST(a_table_that_goes_round_ends),
        SOLO_TEST(a_long_chain_takes_no_long_time),
        SOLO_TEST(a_session_has_its_leader_and_its_descendants),
        SOLO_TEST(what_has_left_by_a_double_fork_stays_once_it_was_seen),
        SOLO_TEST(what_an_orphan_begins_belongs_to_the_session),
        SOLO_TEST(who_is_in_a_posix_session_of_the_dead_belongs_to_the_session),
        SOLO_TEST(who_has_come_and_gone_since_the_look_began_makes_no_end),
        SOLO_TEST(a_member_that_exits_while_others_look_costs_one_look),
        SOLO_TEST(zombies_are_not_counted),
        SOLO_TEST(a_process_whose_first_thread_has_ended_is_counted),
        SOLO_TEST(who_is_asked_for_the_line_looks_at_descriptors),
        SOLO_TEST(a_look_that_is_given_up_says_so),
        SOLO_TEST(another_process_with_the_leaders_pid_is_left_alone),
        SOLO_TEST(who_holds_the_line_belongs_to_the_session),
        SOLO_TEST(of_the_remains_only_who_holds_the_line_counts),
        SOLO_TEST(a_session_is_found_by_its_audit_session),
        SOLO_TEST(this_process_is_never_a_member),
        SOLO_TEST(the_terminals_of_a_session_are_known),
        SOLO_TEST(a_signal_reaches_all_members),
        SOLO_TEST(no_descriptor_is_left_open),
        SOLO_TEST(without_descriptors_nobody_passes_for_gone),
        SOLO_TEST(a_set_that_cannot_look_throws_whatever_is_missing),
        SOLO_TEST(a_set_keeps_its_members_when_it_cannot_look),
        SOLO_TEST(a_process_lives_whatever_the_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
