// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/accounts.hpp"
#include "daemon/config.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/events.hpp"
#include "daemon/history_count.hpp"
#include "daemon/history_limit.hpp"
#include "daemon/local_slots.hpp"
#include "daemon/login_service.hpp"
#include "daemon/logind.hpp"
#include "daemon/logind_watch.hpp"
#include "daemon/options.hpp"
#include "daemon/recovery.hpp"
#include "daemon/server.hpp"
#include "daemon/sessions_service.hpp"
#include "daemon/statistics.hpp"
#include "daemon/turns.hpp"
#include "daemon/watchdog.hpp"

#include <memory>
#include <string>
#include <vector>

#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

namespace solo {

/// The parts of solod, wired together.
class Daemon {
public:
    /// Takes the directories, opens the database, takes over the sessions that live, and listens. Throws
    /// where the daemon could not serve: its runtime directory cannot be made, another solod runs, a socket
    /// cannot be bound. Without a state directory it serves, degraded.
    Daemon(const Options& options, ConfigPaths paths, Config config);

    /// Serves until SIGTERM or SIGINT. Sessions live on.
    void run();

private:
    void turn();
    void reload();
    asio::awaitable<void> serve();
    asio::awaitable<void> complete_recovery();
    void say_ready();
    void await_signal();
    void flush_log_soon();
    void send_waiting_log();
    [[nodiscard]] std::vector<std::string> problems() const;
    [[nodiscard]] Gauges gauges() const;

    const Recovery::Clock::time_point started_ = Recovery::Clock::now();
    protocol::UniqueFd lock_;
    ConfigPaths paths_;
    Config config_;
    Policy policy_;
    std::string reload_problem_;
    Events events_; // before the loop, which keeps coroutines that listen
    EventLoop loop_;
    Turns turns_{loop_}; // over before the loop is
    Statistics statistics_{events_};
    std::unique_ptr<Events::Subscription> event_log_;
    Store store_;
    RecordQueue records_;
    HistoryLimit history_limit_;
    HistoryCount history_count_;
    DescriptorStore kept_{loop_.get_executor()};
    Logind logind_;
    LocalSlots slots_;
    LogindWatch logind_watch_;
    Accounts accounts_{loop_.get_executor()};
    LoginService login_service_;
    SessionsService sessions_service_;
    Server login_server_;
    Server sessions_server_;
    Recovery recovery_{store_, slots_, kept_, login_server_, login_service_};
    Watchdog watchdog_{loop_.get_executor()};
    asio::steady_timer log_flush_{loop_};
    asio::steady_timer log_retry_{loop_};
    asio::steady_timer ready_retry_{loop_};
    asio::signal_set signals_{loop_, SIGTERM, SIGINT, SIGHUP};
};

} // namespace solo
