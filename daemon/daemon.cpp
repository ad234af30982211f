// SPDX-License-Identifier: MIT
#include "daemon/daemon.hpp"

#include "daemon/clock.hpp"
#include "daemon/event_log.hpp"
#include "daemon/group_lookup.hpp"
#include "daemon/listen.hpp"
#include "daemon/log.hpp"
#include "daemon/process_table.hpp"
#include "daemon/service_manager.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/post.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo {

namespace {

namespace fs = std::filesystem;

/// Where there are descriptors enough.
constexpr std::size_t connections_per_user = 64;
constexpr std::size_t connections_of_users = 4096;

/// What users may take of the descriptors: the rest is for logins and the database.
constexpr std::size_t part_of_users = 4;

/// How long a database that cannot be read is tried again at the start; logins wait meanwhile. After that
/// they are decided without knowing who is logged in.
constexpr auto recovery_time = std::chrono::seconds{1};

/// How long logind may take at the start to say who is logged in; logins wait meanwhile.
constexpr auto adoption_time = std::chrono::seconds{2};

/// Between two attempts to tell the service manager that solod is ready.
constexpr auto ready_pause = std::chrono::milliseconds{200};

/// How long log lines wait: a login has its answer and goes on, and those of many logins are said together.
constexpr auto log_time = std::chrono::milliseconds{10};

/// Between two attempts to say what the journal or standard error did not take.
constexpr auto log_pause = std::chrono::milliseconds{100};

/// Offers what waits to be said; false where some of it waits on.
bool send_log() {
    const bool is_sent = journal().send_waiting();
    return standard_error().write_waiting() && is_sent;
}

/// Makes the directory where it is missing; its mode is set either way.
void take_directory(const std::string& path, mode_t mode) {
    fs::create_directories(path);
    if (::chmod(path.c_str(), mode) != 0)
        throw std::system_error{errno, std::generic_category(), path};
}

/// A state directory that cannot be had (the disk is read-only, gone or full) keeps nobody from logging in;
/// the store says what is wrong with it.
bool take_state_directory(const std::string& path) {
    try {
        take_directory(path, S_IRWXU);
    } catch (const std::system_error& error) {
        log(Priority::alert, "the state directory is not as it should be: {}", error.what());
    }
    return fs::is_directory(path);
}

/// Makes sure that one solod serves these sockets. The lock lasts until the process ends. It is on a
/// directory, so that it needs no place on a disk.
protocol::UniqueFd take_lock(const Options& options) {
    ::umask(S_IRWXG | S_IRWXO);
    take_directory(options.runtime_dir, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH);
    const std::string& path =
        take_state_directory(options.state_dir) ? options.state_dir : options.runtime_dir;
    protocol::UniqueFd lock{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!lock)
        throw std::system_error{errno, std::generic_category(), path};
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        throw std::runtime_error{path + " is locked: another solod is running"};
    return lock;
}

/// Each session takes two descriptors. How many there may be.
std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

std::string host_name() {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
}

ServerLimits login_limits() {
    return {.message = protocol::max_login_message,
            .per_uid = 0,
            .total = 0,
            .is_root_only = true,
            .too_many = {},
            .forbidden = protocol::make_error(protocol::login::PermissionDenied{})};
}

ServerLimits sessions_limits(std::size_t descriptors) {
    const std::size_t total = std::clamp<std::size_t>(descriptors / part_of_users, 1, connections_of_users);
    if (total < connections_of_users)
        log(Priority::warning,
            "no more than {} files may be open (RLIMIT_NOFILE), two of them for each session: users have {} "
            "connections in all, not {}",
            descriptors, total, connections_of_users);
    return {.message = protocol::max_sessions_message,
            .per_uid = std::clamp<std::size_t>(total / part_of_users, 1, connections_per_user),
            .total = total,
            .is_root_only = false,
            .too_many = protocol::make_error(protocol::sessions::TooManyConnections{}),
            .forbidden = {}};
}

} // namespace

Daemon::Daemon(const Options& options, ConfigPaths paths, Config config)
    : lock_{take_lock(options)}, paths_{std::move(paths)}, config_{std::move(config)},
      policy_{config_.policy}, event_log_{log_events(events_)},
      store_{options.state_dir + "/sessions.db", config_.durability.value, boot_id(), host_name()},
      records_{loop_.get_executor(), store_,
               [this](const std::string& problem) {
                   const auto kind =
                       problem.empty() ? protocol::EventKind::recovered : protocol::EventKind::degraded;
                   events_.publish({.kind = kind,
                                    .time = wall_time(),
                                    .uid = std::nullopt,
                                    .session = nullptr,
                                    .message = problem,
                                    .account = {},
                                    .origin = nullptr,
                                    .decision = {},
                                    .rule = {}});
               }},
      history_limit_{loop_.get_executor(), store_,
                     [this](int count) {
                         statistics_.count_evicted(count);
                         records_.schedule_checkpoint();
                     },
                     [this] { return records_.is_checkpoint_running(); }},
      history_count_{loop_.get_executor(), store_.path(), statistics_},
      logind_{loop_.get_executor(),
              {.connected = [this] { logind_watch_.connected(); },
               .begun = [this](const std::string& id) { logind_watch_.begun(id); }}},
      slots_{loop_.get_executor(), records_, events_, policy_, kept_, logind_},
      logind_watch_{loop_.get_executor(), logind_, slots_},
      login_service_{slots_, policy_, events_, kept_, statistics_},
      sessions_service_{slots_,
                        records_,
                        accounts_,
                        events_,
                        {.policy = policy_, .config = config_},
                        {.statistics = statistics_,
                         .history = history_count_,
                         .host = host_name(),
                         .started = wall_time(),
                         .problems = [this] { return problems(); },
                         .gauges = [this] { return gauges(); }}},
      login_server_{listen_at(loop_.get_executor(), options.runtime_dir + "/login.sock", S_IRUSR | S_IWUSR),
                    login_service_.dispatcher(), turns_, login_limits()},
      sessions_server_{listen_at(loop_.get_executor(), options.runtime_dir + "/sessions.sock",
                                 S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH),
                       sessions_service_.dispatcher(), turns_, sessions_limits(raise_descriptor_limit())} {
    journal().on_waiting([this] { send_waiting_log(); });
    standard_error().on_waiting([this] { send_waiting_log(); });
    for (const std::string& warning : config_.warnings)
        log(Priority::warning, "{}", warning);
    recovery_.attempt();
}

void Daemon::run() {
    await_signal();
    asio::co_spawn(loop_, serve(), [](const std::exception_ptr& failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    turn();
    (void)notify_service_manager("STOPPING=1");
    journal().on_waiting({});
    standard_error().on_waiting({});
    (void)send_log();
}

/// Runs the event loop until it is stopped.
void Daemon::turn() {
    const LogHold hold{[this] { flush_log_soon(); }};
    while (!loop_.stopped()) {
        try {
            turns_.run();
        } catch (const std::exception& error) {
            log(Priority::critical, "something that cannot happen did: {}",
                error.what()); // and concerns one caller
        }
    }
}

/// Logins that come before it is known who is logged in wait in their sockets.
asio::awaitable<void> Daemon::serve() {
    co_await recovery_.keep_trying(std::chrono::milliseconds{50}, started_ + recovery_time);
    try {
        co_await logind_watch_.adopt(Logind::Clock::now() + adoption_time);
    } catch (const std::exception& error) {
        log(Priority::error, "who was logged in already is not known: {}", error.what());
    }
    asio::co_spawn(loop_, complete_recovery(), asio::detached);
    asio::co_spawn(loop_, login_server_.run(), asio::detached);
    asio::co_spawn(turns_.of(Turns::nobody), sessions_server_.run(), asio::detached);
    say_ready();
    watchdog_.start();
}

/// What need not be known before logins are decided. A database that cannot be read is not asked for what is
/// too old meanwhile: SQLite may take ten seconds to say so.
asio::awaitable<void> Daemon::complete_recovery() {
    co_await recovery_.keep_trying(std::chrono::seconds{1});
    history_limit_.keep(config_.history_time.value);
    co_await look_up_groups(slots_, accounts_);
}

/// A service manager that is not told waits, and then kills the daemon.
void Daemon::say_ready() {
    if (notify_service_manager("READY=1"))
        return;
    ready_retry_.expires_after(ready_pause);
    ready_retry_.async_wait([this](std::error_code error) {
        if (!error)
            say_ready();
    });
}

void Daemon::flush_log_soon() {
    log_flush_.expires_after(log_time);
    log_flush_.async_wait([](std::error_code error) {
        if (!error)
            flush_log();
    });
}

/// journald, or who reads standard error, does not read for now: what was not taken is offered again, and
/// nobody waits.
void Daemon::send_waiting_log() {
    log_retry_.expires_after(log_pause);
    log_retry_.async_wait([this](std::error_code error) {
        if (!error && !send_log())
            send_waiting_log();
    });
}

void Daemon::await_signal() {
    signals_.async_wait([this](std::error_code error, int number) {
        if (error)
            return;
        if (number != SIGHUP) {
            asio::post(loop_, [this] { // after what this round has still to decide
                records_.write();
                loop_.stop();
            });
            return;
        }
        reload();
        await_signal();
    });
}

/// A configuration that is wrong changes nothing.
void Daemon::reload() {
    (void)notify_service_manager("RELOADING=1");
    auto config = load_config(paths_);
    reload_problem_.clear();
    if (config) {
        config_ = std::move(*config);
        policy_ = Policy{config_.policy};
        if (recovery_.is_done())
            history_limit_.keep(config_.history_time.value);
        for (const std::string& warning : config_.warnings)
            log(Priority::warning, "{}", warning);
        log(Priority::notice, "the configuration is reloaded");
    } else {
        for (const std::string& problem : config.error())
            log(Priority::error, "{}", problem);
        reload_problem_ = "the configuration was not reloaded: " + config.error().front();
        log(Priority::error, "the configuration is not reloaded; the old one stays");
    }
    say_ready();
}

std::vector<std::string> Daemon::problems() const {
    std::vector<std::string> problems;
    for (const std::string& problem :
         {records_.problem(), recovery_.problem(), recovery_.damage(), reload_problem_})
        if (!problem.empty())
            problems.push_back(problem);
    return problems;
}

Gauges Daemon::gauges() const {
    return {.waiting_records = static_cast<std::int64_t>(records_.waiting()),
            .database_size = store_.size(),
            .login_connections = login_server_.open_connections(),
            .sessions_connections = sessions_server_.open_connections(),
            .connections_refused =
                login_server_.refused_connections() + sessions_server_.refused_connections(),
            .log_lines_lost = journal().lost() + standard_error().lost()};
}

} // namespace solo
