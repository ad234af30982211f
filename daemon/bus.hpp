// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <tl/expected.hpp>

#include <systemd/sd-bus.h>

namespace solo {

struct UnrefMessage {
    void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};

/// A message of D-Bus, counted by sd-bus.
using BusMessage = std::unique_ptr<sd_bus_message, UnrefMessage>;

/// A connection to the system bus (sd-bus(3)) in the event loop, made anew by itself when it is lost.
///
/// Nothing waits for the bus but the coroutines that ask for it, and those for a bounded time. sd-bus's own
/// time limits are not used: they do not count before the bus has greeted us.
///
/// Owned by shared pointers: what is under way keeps it.
class Bus : public std::enable_shared_from_this<Bus> {
public:
    using Clock = std::chrono::steady_clock;

    struct Listener {
        std::vector<std::string> matches;               ///< which signals (sd_bus_add_match(3)); one at least
        std::function<void(sd_bus_message*)> signalled; ///< one of them
        std::function<void()> connected;                ///< the first time or again; signals come from now on
    };

    /// Connects, from the event loop on, to DBUS_SYSTEM_BUS_ADDRESS or where the system bus usually is.
    static std::shared_ptr<Bus> connect(const asio::any_io_executor& executor, Listener listener);
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;
    ~Bus();

    /// Ends the connection and all calls. The listener hears nothing any more.
    void stop();

    /// Waits, while a connection is being made, until there is one (true), it has failed or the deadline has
    /// come.
    asio::awaitable<bool> connected(Clock::time_point deadline);

    /// A call that does not start the service, to be given its arguments; null where there is no connection.
    BusMessage make_call(const char* service, const char* path, const char* interface,
                         const char* method) const;

    /// Sends a call and waits for its answer; the error is a sentence for the log. Null is an error too.
    asio::awaitable<tl::expected<BusMessage, std::string>> call(BusMessage message,
                                                                Clock::time_point deadline);

private:
    struct Waiting;
    enum class State : std::uint8_t { down, connecting, up };

    Bus(const asio::any_io_executor& executor, Listener listener);
    void open();
    void lose(const std::string& why);
    void drive();
    void watch();
    void wait_for(asio::posix::descriptor_base::wait_type event, bool& is_waiting);
    void set_timer(std::chrono::seconds time);
    void release_descriptor();
    void wake_all(const std::string& problem);
    asio::awaitable<void> await(Waiting& waiting, Clock::time_point deadline);
    static int answered(sd_bus_message* reply, void* waiting, sd_bus_error* error);
    static int signalled(sd_bus_message* message, void* self, sd_bus_error* error);
    static int greeted(sd_bus_message* reply, void* self, sd_bus_error* error);

    asio::any_io_executor executor_;
    Listener listener_;
    State state_ = State::down;
    bool is_stopped_ = false;
    sd_bus* bus_ = nullptr;
    asio::posix::stream_descriptor descriptor_; ///< sd-bus's own, and closed by it
    bool is_reading_ = false;
    bool is_writing_ = false;
    asio::steady_timer timer_; ///< until the bus has to have greeted us, or is tried again
    std::chrono::seconds retry_time_;
    std::set<Waiting*> waiting_;
};

} // namespace solo
