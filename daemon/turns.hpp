// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <sys/types.h>

namespace solo {

/// Shares the event loop's time with users other than root, so that whatever they ask, and however much of
/// it, costs a login little.
///
/// What they have done runs in turns: one step of one user, after everything else that is ready; the users
/// take turns with each other. All of them together get a fixed share of the time. Who asks a little at a
/// time does not notice: the share of some idle time is theirs at once.
class Turns {
    struct Queue;

public:
    using Clock = std::chrono::steady_clock;
    class Executor;

    /// What all connections that nobody is known for yet are accounted to.
    static constexpr uid_t nobody = static_cast<uid_t>(-1);

    explicit Turns(const asio::any_io_executor& loop);
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    /// What is still to be done is dropped, and what is asked later.
    ~Turns();

    /// Runs what a user has done, one step a turn. It may outlive the turns.
    [[nodiscard]] Executor of(uid_t uid) const;

private:
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

    explicit Queue(const asio::any_io_executor& executor);

    void add(uid_t uid, std::unique_ptr<Step> step);
    void schedule();
    void take_turn();
    void stop();

    asio::any_io_executor loop;
    asio::execution_context& context; ///< the loop's; asked for by handlers when the loop is over
    std::unique_ptr<asio::steady_timer> rest;
    std::map<uid_t, std::deque<std::unique_ptr<Step>>> steps; ///< none of them empty
    std::deque<uid_t> order;                                  ///< whose turn is next
    std::chrono::nanoseconds credit;                          ///< time that may be spent; a debt below 0
    Clock::time_point counted;                                ///< until when it has been added up
    bool is_turn_due = false;
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
