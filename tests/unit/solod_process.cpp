// SPDX-License-Identifier: MIT
#include "tests/unit/solod_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace solo::testing {

namespace {

constexpr int patience = 30'000; // milliseconds, for a busy machine

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

UniqueFd connected(const std::string& path) {
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = address_of(path);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail(path);
    return fd;
}

/// Takes an identity for as long as it lives. What the kernel attests are the effective ids.
class Disguise {
public:
    explicit Disguise(const Identity& identity) {
        if (identity.uid == 0 && identity.gid == 0 && identity.groups.empty())
            return;
        is_worn_ = true;
        before_.resize(static_cast<std::size_t>(::getgroups(0, nullptr)));
        if (::getgroups(static_cast<int>(before_.size()), before_.data()) < 0 ||
            ::setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
            ::setegid(identity.gid) != 0 || ::seteuid(identity.uid) != 0)
            fail("another identity");
    }
    Disguise(const Disguise&) = delete;
    Disguise& operator=(const Disguise&) = delete;
    ~Disguise() {
        if (is_worn_ &&
            (::seteuid(0) != 0 || ::setegid(0) != 0 || ::setgroups(before_.size(), before_.data()) != 0))
            ::abort();
    }

private:
    bool is_worn_ = false;
    std::vector<gid_t> before_;
};

UniqueFd connected(const std::string& path, const Identity& identity) {
    const Disguise disguise{identity};
    return connected(path);
}

void await_readable(int fd) {
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, patience) != 1)
        throw std::runtime_error{"nothing came in time"};
}

/// Moves what there is to read; false at the end.
bool relay(int from, int to) {
    std::array<char, 65536> bytes{};
    const ssize_t count = ::read(from, bytes.data(), bytes.size());
    for (ssize_t sent = 0; sent < count;) {
        const ssize_t now =
            ::send(to, bytes.data() + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
        if (now < 0)
            return false;
        sent += now;
    }
    return count > 0;
}

/// Says to solod what the test says, and to the test what solod says.
[[noreturn]] void be_login_program(int control, const std::string& path) {
    constexpr int kept = 3;
    ::dup2(control, kept); // all else belongs to the test: its connections must not stay open here
    ::syscall(SYS_close_range, kept + 1, ~0U, 0);
    UniqueFd line = connected(path);
    (void)!::write(kept, "", 1); // connected
    while (line) {
        std::array<pollfd, 2> ready{pollfd{.fd = kept, .events = POLLIN, .revents = 0},
                                    pollfd{.fd = line.get(), .events = POLLIN, .revents = 0}};
        ::poll(ready.data(), ready.size(), -1);
        if ((ready[0].revents != 0 && !relay(kept, line.get())) ||
            (ready[1].revents != 0 && !relay(line.get(), kept)))
            line.reset();
    }
    ::shutdown(kept, SHUT_WR);
    for (;;)
        ::pause();
}

} // namespace

Client::Client(const std::string& path, const Identity& identity) : fd_{connected(path, identity)} {}

void Client::send_bytes(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0)
            fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Client::send(const std::string& method, const Json& parameters, const std::string& flag) const {
    Json call{{"method", method}, {"parameters", parameters}};
    if (!flag.empty())
        call[flag] = true;
    send_bytes(call.dump() + '\0');
}

/// Reads what there is; false at the end of the connection.
bool Client::receive() {
    await_readable(fd_.get());
    std::array<char, 65536> bytes{};
    const auto count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (count > 0)
        received_.append(bytes.data(), static_cast<std::size_t>(count));
    return count > 0;
}

Json Client::reply() {
    while (received_.find('\0') == std::string::npos)
        if (!receive())
            throw std::runtime_error{"the connection has ended"};
    const auto end = received_.find('\0');
    Json reply = Json::parse(received_.substr(0, end));
    received_.erase(0, end + 1);
    return reply;
}

Json Client::call(const std::string& method, const Json& parameters, const std::string& flag) {
    send(method, parameters, flag);
    return reply();
}

bool Client::is_dropped() {
    return received_.empty() && !receive();
}

bool Client::is_silent() const {
    pollfd readable{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return received_.empty() && ::poll(&readable, 1, 0) == 0;
}

LoginProgram::LoginProgram(const std::string& path, OnSigterm on_sigterm) : Client{UniqueFd{}} {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail("socketpair");
    static_cast<Client&>(*this) = Client{UniqueFd{ends[0]}};
    UniqueFd control{ends[1]};
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::signal(SIGTERM, on_sigterm == OnSigterm::ignore ? SIG_IGN : SIG_DFL);
        try {
            be_login_program(control.get(), path);
        } catch (...) {
            ::_exit(1);
        }
    }
    control.reset();
    char connected = 0;
    await_readable(fd());
    if (::recv(fd(), &connected, 1, 0) != 1)
        throw std::runtime_error{"the login program could not connect"};
}

LoginProgram::~LoginProgram() {
    kill();
}

void LoginProgram::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

int LoginProgram::await_end() {
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    await_readable(pidfd.get());
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void LoginProgram::close_line() {
    ::shutdown(fd(), SHUT_WR);
    if (!is_dropped())
        throw std::runtime_error{"the line is not closed"};
}

Solod::Solod(std::string_view config, std::optional<unsigned> files)
    : files_{files}, notifications_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    const auto address = address_of(directory_.path("notify"));
    if (::bind(notifications_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("notify");
    directory_.write("solo.conf", config);
    start();
}

Solod::~Solod() {
    kill();
}

void Solod::start() {
    pid_ = spawn();
    await_notification("READY=1");
}

pid_t Solod::spawn() const {
    const pid_t pid = ::fork();
    if (pid != 0)
        return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("NOTIFY_SOCKET", directory_.path("notify").c_str(), 1);
    ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1); // nobody of the host is adopted
    ::setenv("JOURNAL_STREAM", "1:1", 1);                             // nothing goes to the host's syslog
    pass_descriptors();
    if (files_) {
        const rlimit limit{.rlim_cur = *files_, .rlim_max = *files_};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    const int log = ::open(directory_.path("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(log, STDERR_FILENO);
    const std::string config = directory_.path("solo.conf");
    const std::string run = directory_.path("run");
    const std::string state = directory_.path("state");
    ::execl(SOLOD, SOLOD, "--config", config.c_str(), "--runtime-dir", run.c_str(), "--state-dir",
            state.c_str(), nullptr);
    ::_exit(127);
}

/// In the child: as sd_listen_fds(3) wants them, from 3 on.
void Solod::pass_descriptors() const {
    constexpr int first = 3;
    constexpr int out_of_the_way = 500;
    std::string names;
    int count = 0;
    for (const auto& [name, fd] : kept_) {
        ::dup2(fd.get(), out_of_the_way + count++);
        names += (names.empty() ? "" : ":") + name;
    }
    for (int i = 0; i < count; ++i)
        ::dup2(out_of_the_way + i, first + i);
    ::syscall(SYS_close_range, out_of_the_way, out_of_the_way + count, 0);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
}

void Solod::await_notification(std::string_view expected) {
    for (std::string text; text != expected;)
        if (!receive_notification(patience, text))
            throw std::runtime_error{fmt::format("solod does not say {}: {}", expected, log())};
}

/// Takes one notification, and does as systemd does with descriptors; false where none comes in time.
bool Solod::receive_notification(int timeout, std::string& text) {
    pollfd readable{.fd = notifications_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, timeout) != 1)
        return false;
    std::array<char, 256> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec buffer{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr header{};
    header.msg_iov = &buffer;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(notifications_.get(), &header, MSG_CMSG_CLOEXEC);
    if (count < 0)
        fail("notify");
    text.assign(bytes.data(), static_cast<std::size_t>(count));
    UniqueFd passed;
    if (const cmsghdr* const rights = CMSG_FIRSTHDR(&header)) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
        passed.reset(fd);
    }
    constexpr std::string_view keep = "FDSTORE=1\nFDNAME=";
    constexpr std::string_view drop = "FDSTOREREMOVE=1\nFDNAME=";
    if (text.starts_with(keep))
        kept_.insert_or_assign(text.substr(keep.size()), std::move(passed));
    else if (text.starts_with(drop))
        kept_.erase(text.substr(drop.size()));
    return true;
}

std::set<std::string> Solod::kept() {
    for (std::string text; receive_notification(0, text);) {
    }
    std::set<std::string> names;
    for (const auto& [name, fd] : kept_)
        names.insert(name);
    return names;
}

std::size_t Solod::descriptors() {
    (void)kept(); // what waits to be kept is open twice
    const std::filesystem::directory_iterator all{fmt::format("/proc/{}/fd", pid_)};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t Solod::memory() const {
    std::ifstream statm{fmt::format("/proc/{}/statm", pid_)}; // proc(5): size resident shared
    std::size_t size = 0;
    std::size_t resident = 0;
    std::size_t shared = 0;
    statm >> size >> resident >> shared;
    return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void Solod::reload(std::string_view config) {
    directory_.write("solo.conf", config);
    ::kill(pid_, SIGHUP);
    await_notification("READY=1");
}

int Solod::stop() {
    ::kill(pid_, SIGTERM);
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    std::array<pollfd, 2> ready{pollfd{.fd = pidfd.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = notifications_.get(), .events = POLLIN, .revents = 0}};
    while (::poll(ready.data(), ready.size(), patience) > 0 && ready[0].revents == 0)
        (void)kept(); // it waits until it is heard
    await_readable(pidfd.get());
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
}

void Solod::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

int Solod::start_another() {
    const pid_t pid = spawn();
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    int status = 0;
    try {
        await_readable(pidfd.get());
    } catch (...) {
        ::kill(pid, SIGKILL);
    }
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Json login_of(const std::string& account, int uid) {
    static int logins = 0;
    return {{"account", {{"name", account}, {"uid", uid}, {"gids", Json::array({uid})}}},
            {"origin", {{"service", "sshd"}, {"tty", "ssh"}, {"rhost", "10.0.0.5"}}},
            {"nonce", fmt::format("{:032x}", ++logins)}};
}

std::string log_in(Client& client, const std::string& account, int uid) {
    const Json opened = client.call("org.pamsolo.Login.Open", login_of(account, uid));
    if (opened.contains("error") || opened.at("parameters").at("decision") != "grant")
        throw std::runtime_error{"no grant: " + opened.dump()};
    std::string id = opened.at("parameters").at("id");
    const Json confirmed = client.call("org.pamsolo.Login.Confirm", {{"id", id}});
    if (confirmed.contains("error"))
        throw std::runtime_error{"not confirmed: " + confirmed.dump()};
    return id;
}

std::string error_of(const Json& reply) {
    const std::string error = reply.value("error", "");
    return error.substr(error.rfind('.') + 1);
}

} // namespace solo::testing
