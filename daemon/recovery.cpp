// SPDX-License-Identifier: MIT
#include "daemon/recovery.hpp"

#include "daemon/clock.hpp"
#include "daemon/log.hpp"

#include <exception>
#include <utility>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

void Recovery::attempt() {
    if (is_done_)
        return;
    const auto opened = store_.open();
    if (opened && *opened) {
        const MovedAside& moved = **opened;
        damage_ = fmt::format("the database was damaged ({}); it is now {}", moved.reason, moved.path);
        log(Priority::alert, "{}", damage_);
    }
    auto sessions = opened ? store_.recover(wall_time()) : tl::unexpected{opened.error()};
    auto notes = sessions ? store_.notes() : tl::unexpected{sessions.error()};
    if (!notes) {
        set_problem(notes.error());
        return;
    }
    slots_.restore(std::move(*sessions), std::move(*notes));
    take_lines();
    is_done_ = true;
    problem_.clear();
}

asio::awaitable<void> Recovery::keep_trying(std::chrono::milliseconds pause, Clock::time_point deadline) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (!is_done_ && Clock::now() < deadline) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
        try {
            attempt();
        } catch (const std::exception& error) {
            set_problem(error.what());
        }
        if (is_done_)
            log(Priority::notice, "who was logged in before is known again");
    }
}

/// Said once, however often it is tried.
void Recovery::set_problem(const std::string& reason) {
    const bool is_news = problem_.empty();
    problem_ = "who was logged in before is not known: " + reason;
    if (is_news)
        log(Priority::alert, "{}", problem_);
}

/// Lines that an earlier run has left with systemd are served again.
void Recovery::take_lines() {
    for (auto& [id, line] : kept_.take(DescriptorStore::Kind::line)) {
        const bool is_needed = slots_.find(id).has_value();
        if (const auto connection = is_needed ? server_.adopt(std::move(line)) : nullptr)
            service_.take_line(id, *connection);
        else
            kept_.drop(DescriptorStore::Kind::line, id);
    }
}

} // namespace solo
