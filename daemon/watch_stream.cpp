// SPDX-License-Identifier: MIT
#include "daemon/watch_stream.hpp"

#include "daemon/wake.hpp"

namespace solo {

namespace {

/// How many events may wait for one watcher.
constexpr std::size_t max_waiting = 1000;

} // namespace

struct WatchStream::Queue {
    explicit Queue(const asio::any_io_executor& executor) : wake{executor} {}

    void stop() {
        is_stopped = true;
        wake.notify();
    }

    Wake wake;
    std::deque<protocol::Event> events;
    bool is_stopped = false;
};

WatchStream::WatchStream(Events& events, asio::any_io_executor executor, Filter filter, Shown shown)
    : queue_{std::make_shared<Queue>(executor)},
      subscription_{events.subscribe([queue = queue_, filter = std::move(filter),
                                      shown = std::move(shown)](const Happening& happening) {
          if (queue->is_stopped || !filter(happening))
              return;
          if (queue->events.size() >= max_waiting) {
              queue->stop();
              return;
          }
          protocol::Event event{.kind = happening.kind, .time = happening.time, .session = {}, .message = {}};
          if (happening.session != nullptr)
              event.session = shown(*happening.session);
          if (!happening.message.empty())
              event.message = happening.message;
          queue->events.push_back(std::move(event));
          queue->wake.notify();
      })} {}

asio::awaitable<std::optional<protocol::Event>> WatchStream::next() {
    while (queue_->events.empty() && !queue_->is_stopped)
        co_await queue_->wake.wait();
    if (queue_->is_stopped)
        co_return std::nullopt;
    protocol::Event event = std::move(queue_->events.front());
    queue_->events.pop_front();
    co_return event;
}

std::function<void()> WatchStream::stopper() const {
    return [queue = queue_] { queue->stop(); };
}

} // namespace solo
