// SPDX-License-Identifier: MIT
#include "tests/support/fake_logind.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace solo::testing {

namespace {

constexpr const char* configuration = R"(<busconfig>
<type>custom</type>
<auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
<listen>unix:path=)";

constexpr std::string_view path_of_sessions = "/org/freedesktop/login1/session/_3";

void must(int result, const char* what) {
    if (result < 0)
        throw std::system_error{-result, std::generic_category(), what};
}

std::string path_of(const std::string& id) {
    return std::string{path_of_sessions} + id;
}

} // namespace

PrivateBus::PrivateBus(const std::string& directory) : address_{"unix:path=" + directory + "/bus"} {
    const std::string config = directory + "/bus.conf";
    std::ofstream{config} << configuration << directory << "/bus</listen></busconfig>";
    int ready[2];
    must(::pipe2(ready, O_CLOEXEC), "pipe2");
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int said = ::dup(ready[1]); // without CLOEXEC
        const std::string file = "--config-file=" + config;
        const std::string print = "--print-address=" + std::to_string(said);
        ::execlp("dbus-daemon", "dbus-daemon", "--nofork", file.c_str(), print.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(ready[1]);
    char byte = 0;
    const auto count = ::read(ready[0], &byte, 1);
    ::close(ready[0]);
    if (count != 1)
        throw std::runtime_error{"dbus-daemon does not start"};
}

PrivateBus::~PrivateBus() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

FakeLogind::FakeLogind(const std::string& address, std::map<std::string, FakeSession> sessions)
    : sessions_{std::move(sessions)} {
    must(::sd_bus_new(&bus_), "sd_bus_new");
    must(::sd_bus_set_address(bus_, address.c_str()), "sd_bus_set_address");
    must(::sd_bus_set_bus_client(bus_, 1), "sd_bus_set_bus_client");
    must(::sd_bus_start(bus_), "sd_bus_start");
    must(::sd_bus_add_filter(bus_, nullptr, &FakeLogind::called, this), "sd_bus_add_filter");
    must(::sd_bus_request_name(bus_, "org.freedesktop.login1", 0), "sd_bus_request_name");
    thread_ = std::thread{[this] { serve(); }};
}

FakeLogind::~FakeLogind() {
    is_over_ = true;
    thread_.join();
    ::sd_bus_flush_close_unref(bus_);
}

void FakeLogind::announce(const std::string& id) {
    const std::lock_guard lock{mutex_};
    announced_.push_back(id);
}

std::vector<std::string> FakeLogind::terminated() {
    const std::lock_guard lock{mutex_};
    return terminated_;
}

void FakeLogind::serve() {
    constexpr std::uint64_t turn = 5'000; // microseconds: how soon it hears of what a test wants
    while (!is_over_) {
        {
            const std::lock_guard lock{mutex_};
            for (const std::string& id : std::exchange(announced_, {}))
                ::sd_bus_emit_signal(bus_, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                     "SessionNew", "so", id.c_str(), path_of(id).c_str());
        }
        const int handled = ::sd_bus_process(bus_, nullptr);
        if (handled < 0 || (handled == 0 && ::sd_bus_wait(bus_, turn) < 0))
            return;
    }
}

int FakeLogind::called(sd_bus_message* call, void* self, sd_bus_error* /*error*/) {
    auto& logind = *static_cast<FakeLogind*>(self);
    if (::sd_bus_message_is_method_call(call, nullptr, nullptr) <= 0)
        return 0;
    logind.was_called_ = true;
    return logind.is_silent_ ? 1 : logind.answer(call);
}

int FakeLogind::answer(sd_bus_message* call) {
    const std::string_view method = ::sd_bus_message_get_member(call);
    if (method == "ListSessions")
        return list(call);
    if (method == "GetAll")
        return describe(call);
    const char* id = "";
    ::sd_bus_message_read(call, "s", &id);
    if (!sessions_.contains(id))
        return ::sd_bus_reply_method_errorf(call, "org.freedesktop.login1.NoSuchSession",
                                            "No session '%s' known", id);
    if (method == "GetSession")
        return ::sd_bus_reply_method_return(call, "o", path_of(id).c_str());
    const std::lock_guard lock{mutex_};
    terminated_.emplace_back(id);
    return ::sd_bus_reply_method_return(call, "");
}

int FakeLogind::list(sd_bus_message* call) {
    sd_bus_message* reply = nullptr;
    ::sd_bus_message_new_method_return(call, &reply);
    ::sd_bus_message_open_container(reply, 'a', "(susso)");
    for (const auto& [id, session] : sessions_)
        ::sd_bus_message_append(reply, "(susso)", id.c_str(), session.uid, session.user.c_str(), "",
                                path_of(id).c_str());
    ::sd_bus_message_close_container(reply);
    const int sent = ::sd_bus_send(nullptr, reply, nullptr);
    ::sd_bus_message_unref(reply);
    return sent;
}

int FakeLogind::describe(sd_bus_message* call) {
    const std::string id = std::string{::sd_bus_message_get_path(call)}.substr(path_of_sessions.size());
    const auto found = sessions_.find(id);
    if (found == sessions_.end())
        return ::sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
    const FakeSession& session = found->second;
    sd_bus_message* reply = nullptr;
    ::sd_bus_message_new_method_return(call, &reply);
    ::sd_bus_message_append(reply, "a{sv}", 15, "Id", "s", id.c_str(),                      //
                            "User", "(uo)", session.uid, "/org/freedesktop/login1/user/_1", //
                            "Name", "s", session.user.c_str(),                              //
                            "Timestamp", "t", std::uint64_t{1'700'000'000'000'000},         //
                            "Seat", "(so)", "", "/",                                        //
                            "TTY", "s", "pts/3",                                            //
                            "Remote", "b", 1,                                               //
                            "RemoteHost", "s", "10.0.0.5",                                  //
                            "RemoteUser", "s", "",                                          //
                            "Service", "s", "sshd",                                         //
                            "Leader", "u", session.leader,                                  //
                            "Class", "s", session.kind.c_str(),                             //
                            "State", "s", "active",                                         //
                            "IdleHint", "b", 1,                                             //
                            "IdleSinceHintMonotonic", "t", std::uint64_t{123'456'789});
    const int sent = ::sd_bus_send(nullptr, reply, nullptr);
    ::sd_bus_message_unref(reply);
    return sent;
}

} // namespace solo::testing
