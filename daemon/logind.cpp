// SPDX-License-Identifier: MIT
#include "daemon/logind.hpp"

#include "daemon/bus.hpp"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace solo {

namespace {

constexpr const char* service = "org.freedesktop.login1";
constexpr const char* manager_path = "/org/freedesktop/login1";
constexpr const char* manager = "org.freedesktop.login1.Manager";
constexpr const char* session_interface = "org.freedesktop.login1.Session";

constexpr const char* session_signals =
    "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',"
    "interface='org.freedesktop.login1.Manager',member='SessionNew'";
constexpr const char* owner_signals =
    "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
    "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.login1'";

constexpr const char* not_understood = "logind's answer is not understood";
constexpr const char* no_connection = "there is no connection to the bus";

using Field = std::variant<std::string LogindSession::*, std::uint32_t LogindSession::*,
                           std::uint64_t LogindSession::*, bool LogindSession::*>;

/// The properties that are read, by their names; User, which is a structure, comes beside them.
constexpr std::array<std::pair<std::string_view, Field>, 12> properties{{
    {"Id", &LogindSession::id},
    {"Name", &LogindSession::user},
    {"Service", &LogindSession::service},
    {"TTY", &LogindSession::tty},
    {"RemoteHost", &LogindSession::remote_host},
    {"RemoteUser", &LogindSession::remote_user},
    {"Class", &LogindSession::kind},
    {"State", &LogindSession::state},
    {"Leader", &LogindSession::leader},
    {"Timestamp", &LogindSession::begun},
    {"IdleHint", &LogindSession::is_idle},
    {"IdleSinceHintMonotonic", &LogindSession::idle_since},
}};

bool read_variant(sd_bus_message* message, std::string& value) {
    const char* text = nullptr;
    if (::sd_bus_message_read(message, "v", "s", &text) < 0)
        return false;
    value = text;
    return true;
}

bool read_variant(sd_bus_message* message, std::uint32_t& value) {
    return ::sd_bus_message_read(message, "v", "u", &value) >= 0;
}

bool read_variant(sd_bus_message* message, std::uint64_t& value) {
    return ::sd_bus_message_read(message, "v", "t", &value) >= 0;
}

bool read_variant(sd_bus_message* message, bool& value) {
    int number = 0; // D-Bus's boolean
    if (::sd_bus_message_read(message, "v", "b", &number) < 0)
        return false;
    value = number != 0;
    return true;
}

/// The value of a property, behind its name.
bool read_property(sd_bus_message* message, std::string_view name, LogindSession& session) {
    if (name == "User")
        return ::sd_bus_message_read(message, "v", "(uo)", &session.uid, nullptr) >= 0;
    for (const auto& [known, field] : properties)
        if (name == known)
            return std::visit([&](auto member) { return read_variant(message, session.*member); }, field);
    return ::sd_bus_message_skip(message, "v") >= 0;
}

tl::expected<LogindSession, std::string> parse_session(sd_bus_message* message) {
    LogindSession session;
    if (::sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
        return tl::unexpected{not_understood};
    while (::sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (::sd_bus_message_read(message, "s", &name) < 0 || !read_property(message, name, session) ||
            ::sd_bus_message_exit_container(message) < 0)
            return tl::unexpected{not_understood};
    }
    if (session.id.empty())
        return tl::unexpected{not_understood};
    return session;
}

/// The object paths in the answer to ListSessions.
tl::expected<std::vector<std::string>, std::string> parse_list(sd_bus_message* message) {
    std::vector<std::string> paths;
    if (::sd_bus_message_enter_container(message, 'a', "(susso)") < 0)
        return tl::unexpected{not_understood};
    const char* path = nullptr;
    while (::sd_bus_message_read(message, "(susso)", nullptr, nullptr, nullptr, nullptr, &path) > 0)
        paths.emplace_back(path);
    return paths;
}

asio::awaitable<tl::expected<LogindSession, std::string>> describe(std::shared_ptr<Bus> bus, std::string path,
                                                                   Bus::Clock::time_point deadline) {
    BusMessage call = bus->make_call(service, path.c_str(), "org.freedesktop.DBus.Properties", "GetAll");
    if (!call || ::sd_bus_message_append(call.get(), "s", session_interface) < 0)
        co_return tl::unexpected{no_connection};
    const auto reply = co_await bus->call(std::move(call), deadline);
    if (!reply)
        co_return tl::unexpected{reply.error()};
    co_return parse_session(reply->get());
}

/// A session that is new, or a logind that is.
void hear(sd_bus_message* message, const Logind::Listener& listener) {
    const char* text = nullptr;
    const char* owner = nullptr;
    if (::sd_bus_message_is_signal(message, manager, "SessionNew") > 0) {
        if (::sd_bus_message_read(message, "s", &text) >= 0)
            listener.begun(text);
    } else if (::sd_bus_message_read(message, "sss", &text, nullptr, &owner) >= 0 && *owner != '\0') {
        listener.connected();
    }
}

} // namespace

Logind::Logind(const asio::any_io_executor& executor, Listener listener) {
    auto signalled = [listener](sd_bus_message* message) { hear(message, listener); };
    bus_ = Bus::connect(executor, {.matches = {session_signals, owner_signals},
                                   .signalled = std::move(signalled),
                                   .connected = std::move(listener.connected)});
}

Logind::~Logind() {
    bus_->stop();
}

Logind::Result<std::vector<LogindSession>> Logind::sessions(Clock::time_point deadline) {
    const auto bus = bus_;
    if (!co_await bus->connected(deadline))
        co_return tl::unexpected{no_connection};
    const auto reply =
        co_await bus->call(bus->make_call(service, manager_path, manager, "ListSessions"), deadline);
    if (!reply)
        co_return tl::unexpected{reply.error()};
    const auto paths = parse_list(reply->get());
    if (!paths)
        co_return tl::unexpected{paths.error()};
    std::vector<LogindSession> sessions;
    for (const std::string& path : *paths) {
        auto session = co_await describe(bus, path, deadline);
        if (session)
            sessions.push_back(std::move(*session));
        else if (Clock::now() >= deadline)
            co_return tl::unexpected{session.error()};
    }
    co_return sessions;
}

Logind::Result<LogindSession> Logind::session(std::string id, Clock::time_point deadline) {
    const auto bus = bus_;
    if (!co_await bus->connected(deadline))
        co_return tl::unexpected{no_connection};
    BusMessage call = bus->make_call(service, manager_path, manager, "GetSession");
    if (!call || ::sd_bus_message_append(call.get(), "s", id.c_str()) < 0)
        co_return tl::unexpected{no_connection};
    const auto reply = co_await bus->call(std::move(call), deadline);
    const char* path = nullptr;
    if (!reply || ::sd_bus_message_read(reply->get(), "o", &path) < 0)
        co_return tl::unexpected{reply ? not_understood : reply.error()};
    co_return co_await describe(bus, path, deadline);
}

Logind::Result<void> Logind::terminate(std::string id, Clock::time_point deadline) {
    const auto bus = bus_;
    if (!co_await bus->connected(deadline))
        co_return tl::unexpected{no_connection};
    BusMessage call = bus->make_call(service, manager_path, manager, "TerminateSession");
    if (!call || ::sd_bus_message_append(call.get(), "s", id.c_str()) < 0)
        co_return tl::unexpected{no_connection};
    const auto reply = co_await bus->call(std::move(call), deadline);
    if (!reply)
        co_return tl::unexpected{reply.error()};
    co_return tl::expected<void, std::string>{};
}

} // namespace solo
