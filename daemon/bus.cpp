// SPDX-License-Identifier: MIT
#include "daemon/bus.hpp"

#include "daemon/wake.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include <asio/post.hpp>
#include <fmt/format.h>

#include <poll.h>

namespace solo {

namespace {

using namespace std::chrono_literals;

/// A bus that has not greeted us within this time hangs.
constexpr std::chrono::seconds greeting_time = 5s;

/// When a lost bus is tried again; twice as late each time, because on a host without a bus none will come.
constexpr std::chrono::seconds first_retry = 1s;
constexpr std::chrono::seconds last_retry = 60s;

/// So many messages are handled before the event loop gets its turn.
constexpr int messages_a_turn = 64;

constexpr std::uint64_t no_timeout = UINT64_MAX;

std::string text_of(int error) {
    return std::generic_category().message(-error);
}

} // namespace

/// Somebody who waits for an answer, or for the connection.
struct Bus::Waiting {
    explicit Waiting(Bus& asked) : bus{asked}, wake{asked.executor_} { bus.waiting_.insert(this); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
        ::sd_bus_slot_unref(slot); // an answer that comes yet finds nobody
        bus.waiting_.erase(this);
    }

    void finish(std::string what) {
        is_done = true;
        problem = std::move(what);
        wake.notify();
    }

    Bus& bus;
    Wake wake;
    sd_bus_slot* slot = nullptr;
    BusMessage reply;
    bool is_done = false;
    std::string problem;
};

std::shared_ptr<Bus> Bus::connect(const asio::any_io_executor& executor, Listener listener) {
    const std::shared_ptr<Bus> bus{new Bus{executor, std::move(listener)}};
    bus->state_ = State::connecting;
    asio::post(executor, [bus] { bus->open(); }); // who listens may not be ready yet
    return bus;
}

Bus::Bus(const asio::any_io_executor& executor, Listener listener)
    : executor_{executor}, listener_{std::move(listener)}, descriptor_{executor}, timer_{executor},
      retry_time_{first_retry} {}

Bus::~Bus() {
    release_descriptor();
    ::sd_bus_close_unref(bus_);
}

void Bus::stop() {
    is_stopped_ = true;
    lose("it is not needed any more");
}

/// sd-bus connects, greets and subscribes without waiting. There is a connection when the subscription is
/// answered: from then on no signal is missed.
void Bus::open() {
    if (is_stopped_)
        return;
    state_ = State::connecting;
    int error = ::sd_bus_open_system(&bus_);
    for (auto match = listener_.matches.begin(); match != listener_.matches.end() && error >= 0; ++match) {
        const bool is_last = std::next(match) == listener_.matches.end(); // the bus answers in order
        error = ::sd_bus_add_match_async(bus_, nullptr, match->c_str(), &Bus::signalled,
                                         is_last ? &Bus::greeted : nullptr, this);
    }
    if (error < 0) {
        lose(text_of(error));
        return;
    }
    set_timer(greeting_time);
    drive();
}

/// Gives up what there is of a connection, and tries again later.
void Bus::lose(const std::string& why) {
    state_ = State::down;
    release_descriptor();
    bus_ = ::sd_bus_close_unref(bus_);
    wake_all(why);
    timer_.cancel();
    if (is_stopped_)
        return;
    set_timer(retry_time_);
    retry_time_ = std::min(retry_time_ * 2, last_retry);
}

void Bus::set_timer(std::chrono::seconds time) {
    timer_.expires_after(time);
    timer_.async_wait([self = weak_from_this()](std::error_code error) {
        const auto bus = self.lock();
        if (error || !bus || bus->is_stopped_ || bus->timer_.expiry() > Clock::now())
            return;
        if (bus->state_ == State::connecting)
            bus->lose("it does not answer");
        else if (bus->state_ == State::down)
            bus->open();
    });
}

/// Handles what has come, sends what is waiting to go, and waits for more.
void Bus::drive() {
    const auto self = shared_from_this(); // whoever is called back may let go of it
    for (int count = 0; bus_ != nullptr; ++count) {
        if (count == messages_a_turn) {
            asio::post(executor_, [self] { self->drive(); });
            return;
        }
        const int handled = ::sd_bus_process(bus_, nullptr);
        if (handled < 0) {
            lose(text_of(handled));
        } else if (handled == 0) {
            watch();
            return;
        }
    }
}

void Bus::watch() {
    const int fd = ::sd_bus_get_fd(bus_);
    const int events = ::sd_bus_get_events(bus_);
    if (fd < 0 || events < 0) {
        lose(text_of(std::min(fd, events)));
        return;
    }
    if (!descriptor_.is_open() || descriptor_.native_handle() != fd) {
        release_descriptor();
        std::error_code error;
        descriptor_.assign(fd, error);
        if (error) {
            lose(error.message());
            return;
        }
    }
    if ((events & POLLIN) != 0)
        wait_for(asio::posix::descriptor_base::wait_read, is_reading_);
    if ((events & POLLOUT) != 0)
        wait_for(asio::posix::descriptor_base::wait_write, is_writing_);
}

void Bus::wait_for(asio::posix::descriptor_base::wait_type event, bool& is_waiting) {
    if (std::exchange(is_waiting, true))
        return;
    descriptor_.async_wait(event, [self = weak_from_this(), &is_waiting](std::error_code error) {
        const auto bus = self.lock();
        if (error || !bus)
            return; // released
        is_waiting = false;
        bus->drive();
    });
}

/// It leaves the loop before sd-bus closes it.
void Bus::release_descriptor() {
    if (descriptor_.is_open())
        (void)descriptor_.release();
    is_reading_ = false;
    is_writing_ = false;
}

void Bus::wake_all(const std::string& problem) {
    for (Waiting* const waiting : waiting_)
        if (!waiting->is_done)
            waiting->finish(problem);
}

int Bus::signalled(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
    const auto& bus = *static_cast<Bus*>(self);
    if (bus.listener_.signalled && !bus.is_stopped_)
        bus.listener_.signalled(message);
    return 0;
}

int Bus::greeted(sd_bus_message* reply, void* self, sd_bus_error* /*error*/) {
    auto& bus = *static_cast<Bus*>(self);
    if (::sd_bus_message_is_method_error(reply, nullptr) != 0)
        return 0; // greeting_time decides
    bus.state_ = State::up;
    bus.retry_time_ = first_retry;
    bus.timer_.cancel();
    bus.wake_all({}); // nobody waits yet but for the connection
    if (bus.listener_.connected && !bus.is_stopped_)
        bus.listener_.connected();
    return 0;
}

int Bus::answered(sd_bus_message* reply, void* waiting, sd_bus_error* /*error*/) {
    auto& call = *static_cast<Waiting*>(waiting);
    if (const sd_bus_error* const error = ::sd_bus_message_get_error(reply); error != nullptr) {
        call.finish(error->message != nullptr ? error->message : error->name);
        return 0;
    }
    call.reply.reset(::sd_bus_message_ref(reply));
    call.finish({});
    return 0;
}

asio::awaitable<void> Bus::await(Waiting& waiting, Clock::time_point deadline) {
    while (!waiting.is_done && Clock::now() < deadline)
        co_await waiting.wake.wait_until(deadline);
}

asio::awaitable<bool> Bus::connected(Clock::time_point deadline) {
    const auto self = shared_from_this();
    if (state_ == State::connecting) {
        Waiting waiting{*this};
        co_await await(waiting, deadline);
    }
    co_return state_ == State::up;
}

BusMessage Bus::make_call(const char* service, const char* path, const char* interface,
                          const char* method) const {
    sd_bus_message* message = nullptr;
    if (bus_ == nullptr ||
        ::sd_bus_message_new_method_call(bus_, &message, service, path, interface, method) < 0)
        return nullptr;
    ::sd_bus_message_set_auto_start(message, 0);
    return BusMessage{message};
}

asio::awaitable<tl::expected<BusMessage, std::string>> Bus::call(BusMessage message,
                                                                 Clock::time_point deadline) {
    const auto self = shared_from_this();
    if (!message || bus_ == nullptr || ::sd_bus_message_get_bus(message.get()) != bus_)
        co_return tl::unexpected{std::string{"there is no connection to the bus"}};
    Waiting waiting{*this};
    const int sent =
        ::sd_bus_call_async(bus_, &waiting.slot, message.get(), &Bus::answered, &waiting, no_timeout);
    if (sent < 0)
        co_return tl::unexpected{text_of(sent)};
    asio::post(executor_, [self] { self->drive(); }); // not from within a callback of sd-bus
    co_await await(waiting, deadline);
    if (!waiting.is_done)
        co_return tl::unexpected{std::string{"no answer in time"}};
    if (!waiting.reply)
        co_return tl::unexpected{waiting.problem};
    co_return std::move(waiting.reply);
}

} // namespace solo
