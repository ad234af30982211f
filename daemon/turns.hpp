// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <asio/execution.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <sys/types.h>

namespace solo {

/// Shares the event loop's time with what can wait, so that whatever is asked, and however much of it, costs
/// a login little.
///
/// What can wait runs in turns: one step of one user, when nothing else is ready; the users take turns with
/// each other. All users but root together get a fixed share of the time. Who asks a little at a time does
/// not notice: the share of some idle time is theirs at once.
class Turns {
    struct Queue;

public:
    using Clock = std::chrono::steady_clock;
    class Executor;

    /// What all connections that nobody is known for yet are accounted to.
    static constexpr uid_t nobody = static_cast<uid_t>(-1);

    /// The loop must outlive this.
    explicit Turns(asio::io_context& loop);
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// What is still to be done is dropped, and what is asked later.
    ~Turns();

    /// Runs what a user has done, one step a turn. It may outlive the turns.
    [[nodiscard]] Executor of(uid_t uid) const;

    /// Runs the event loop, and turns in between, until it is stopped or nothing is left to be done. In place
    /// of the loop's own run(), under which nobody has a turn.
    void run();

    /// Does what is ready, and one step of a turn; how much that was. Does not wait.
    std::size_t poll();

private:
    asio::io_context& loop_;
    std::shared_ptr<Queue> queue_;
};

/// The steps of all users that wait for their turn.
struct Turns::Queue : std::enable_shared_from_this<Turns::Queue> {
    struct Step {
        Step() = default;
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;
        virtual ~Step() = default;
        virtual void take() = 0;
    };

    explicit Queue(asio::io_context& loop);

    void add(uid_t uid, std::unique_ptr<Step> step);
    bool is_turn_due();
    void take_turn();
    void stop();

    asio::io_context& context; ///< asked for by handlers when the loop is over
    std::unique_ptr<asio::steady_timer> rest;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work; ///< while steps wait
    std::map<uid_t, std::deque<std::unique_ptr<Step>>> steps;                       ///< none of them empty
    std::deque<uid_t> order;                                                        ///< whose turn is next
    std::size_t added = 0;           ///< how many steps there have ever been
    std::chrono::nanoseconds credit; ///< time that may be spent; a debt below 0
    Clock::time_point counted;       ///< until when it has been added up
    bool is_resting = false;
    bool is_stopped = false;
};

/// An executor as Asio wants it (its documentation, "Executor requirements").
class Turns::Executor {
public:
    [[nodiscard]] asio::execution_context& query(asio::execution::context_t /*what*/) const noexcept {
        return queue_->context;
    }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t /*what*/) noexcept {
        return asio::execution::blocking.never;
    }
    [[nodiscard]] Executor require(asio::execution::blocking_t::never_t /*what*/) const { return *this; }

    template<class Function>
    void execute(Function&& function) const {
        struct FunctionStep final : Queue::Step {
            explicit FunctionStep(Function&& what) : body{std::forward<Function>(what)} {}
            void take() override { std::move(body)(); }
            std::decay_t<Function> body;
        };
        queue_->add(uid_, std::make_unique<FunctionStep>(std::forward<Function>(function)));
    }

    friend bool operator==(const Executor& a, const Executor& b) noexcept {
        return a.queue_ == b.queue_ && a.uid_ == b.uid_;
    }

private:
    friend class Turns;
    Executor(std::shared_ptr<Queue> queue, uid_t uid) : queue_{std::move(queue)}, uid_{uid} {}

    std::shared_ptr<Queue> queue_;
    uid_t uid_;
};

inline Turns::Executor Turns::of(uid_t uid) const {
    return {queue_, uid};
}

} // namespace solo
