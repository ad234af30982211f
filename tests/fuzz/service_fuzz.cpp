// SPDX-License-Identifier: MIT
// Calls of several clients, from their bytes to the replies: frames, envelopes, dispatcher and both services,
// on slots in memory and an empty history.
//
// An input is lines. The first one is the policy: a character each for OnConflict, MaxSessions and CountBy.
// In the others the first character says which connection sends the rest as a message: 'a' to 'd' root's to
// login.sock, 'e' to 'h' root's to sessions.sock, 'i' to 'l' somebody else's; in upper case the connection is
// closed afterwards. "$$" in a message stands for the id that was named last.
#include "daemon/login_service.hpp"
#include "daemon/server.hpp"
#include "daemon/sessions_service.hpp"
#include "daemon/slot_calls.hpp"
#include "tests/fuzz/invariant.hpp"
#include "tests/fuzz/memory_slots.hpp"

#include <array>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <asio/io_context.hpp>

#include <sys/socket.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using protocol::UniqueFd;

namespace {

constexpr uid_t somebody = 1000;
constexpr int most_sent = 64; // messages of one input

ServerLimits limits() {
    return {
        .message = 4096, .per_uid = 64, .total = 64, .is_root_only = false, .too_many = {}, .forbidden = {}};
}

Server::Acceptor idle(asio::io_context& loop) {
    return Server::Acceptor{loop};
}

/// What lasts from input to input: it is dear to make.
struct Surroundings {
    asio::io_context loop;
    Turns turns{loop};
    std::string directory = "/dev/shm/solo-service-fuzz." + std::to_string(::getpid());
    std::unique_ptr<Store> store;
    DescriptorStore kept{loop.get_executor()};
    Accounts accounts{loop.get_executor(), [](const std::string& name) -> Accounts::Found {
                          if (name == "nobody" || name.empty())
                              return tl::unexpected{
                                  protocol::NoAccount{.is_failure = false, .reason = "none"}};
                          return protocol::Account{
                              .name = name, .uid = somebody, .gids = std::vector<std::uint32_t>{somebody}};
                      }};

    Surroundings() {
        std::signal(SIGPIPE, SIG_IGN);
        std::filesystem::create_directories(directory);
        store = std::make_unique<Store>(directory + "/db", Durability::interval, "boot", "host");
        must(store->open().has_value(), "the database opens");
        std::atexit([] { std::filesystem::remove_all(the().directory); });
    }
    static Surroundings& the() {
        static auto* const all = new Surroundings;
        return *all;
    }
};

/// A daemon for one input.
class World {
public:
    explicit World(std::string_view rules) : policy_{settings(rules)} {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() {
        for (auto& [name, client] : clients_)
            client.fd.reset();
        // A server hears last that a connection is over, in a turn that may have to wait until users have
        // rested.
        while (login_server_.open_connections() + sessions_server_.open_connections() > 0) {
            around_.loop.restart();
            if (around_.turns.poll() == 0)
                around_.loop.run_one_for(std::chrono::milliseconds{1});
        }
        settle();
        for_each_session(slots_, [](const Session& session) {
            must(session.state != State::opening, "what nobody confirmed is over");
        });
    }

    void send(char who, std::string message) {
        const char name = static_cast<char>(std::tolower(static_cast<unsigned char>(who)));
        Client& client = clients_.contains(name) ? clients_.at(name) : connect(name);
        for (auto at = message.find("$$"); at != std::string::npos; at = message.find("$$", at + id_.size()))
            message.replace(at, 2, id_);
        message += '\0';
        (void)!::send(client.fd.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        settle();
        for (auto& [other, reader] : clients_)
            read(reader);
        if (std::isupper(static_cast<unsigned char>(who)) != 0)
            clients_.erase(name);
        settle();
        check_slots();
    }

private:
    struct Client {
        UniqueFd fd;
        std::string received;
    };

    static PolicySettings settings(std::string_view rules) {
        PolicySettings settings;
        const auto choice = [&](std::size_t i) {
            return i < rules.size() ? static_cast<unsigned char>(rules[i]) : 0U;
        };
        settings.policy.on_conflict = Setting<OnConflict>{static_cast<OnConflict>(choice(0) % 3), {}};
        settings.policy.max_sessions = Setting<int>{1 + static_cast<int>(choice(1) % 2), {}};
        settings.policy.count_by = Setting<CountBy>{static_cast<CountBy>(choice(2) % 2), {}};
        return settings;
    }

    /// The kernel attests who made the pair.
    Client& connect(char name) {
        const bool is_login = name < 'e';
        const bool is_root = name < 'i' || ::geteuid() != 0;
        std::array<int, 2> ends{};
        if (!is_root)
            must(::seteuid(somebody) == 0, "another user");
        must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "a connection");
        if (!is_root)
            must(::seteuid(0) == 0, "root again");
        const auto connection = (is_login ? login_server_ : sessions_server_).adopt(UniqueFd{ends[1]});
        must(connection != nullptr, "it is served");
        return clients_.emplace(name, Client{UniqueFd{ends[0]}, {}}).first->second;
    }

    /// Until nothing happens any more. The thread that looks up accounts, and who rests between turns, take a
    /// moment.
    void settle() {
        around_.loop.restart();
        while (around_.turns.poll() > 0 || around_.loop.run_one_for(std::chrono::microseconds{300}) > 0)
            around_.loop.restart();
    }

    void read(Client& client) {
        std::array<char, 65536> bytes{};
        for (;;) {
            const auto count = ::recv(client.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (count <= 0)
                break;
            client.received.append(bytes.data(), static_cast<std::size_t>(count));
        }
        for (auto end = client.received.find('\0'); end != std::string::npos;
             end = client.received.find('\0')) {
            take(client.received.substr(0, end));
            client.received.erase(0, end + 1);
        }
        must(client.received.empty(), "replies come whole");
    }

    void take(const std::string& message) {
        const auto reply = protocol::parse_reply(message);
        must(reply.has_value(), "it is a reply");
        must(reply->error.empty() || reply->error.starts_with("org.pamsolo.") ||
                 reply->error.starts_with("org.varlink.service."),
             "the error is one of the interfaces'");
        for (const auto& where :
             {reply->parameters, reply->parameters.value("session", protocol::Json::object())})
            if (where.is_object() && where.contains("id") && where["id"].is_string())
                id_ = where["id"].get<std::string>();
    }

    /// At most so many sessions hold a slot, or so many origins.
    void check_slots() const {
        std::map<std::string, std::set<int>> slots;
        for_each_session(slots_, [&](const Session& session) {
            if (session.slot)
                must(slots[session.account].insert(*session.slot).second ||
                         rules().count_by.value == CountBy::origin,
                     "a slot has one holder");
        });
        for (const auto& [account, taken] : slots)
            must(std::cmp_less_equal(taken.size(), rules().max_sessions.value), "no more than the limit");
    }
    [[nodiscard]] Rules rules() const {
        return policy_.ruling({.name = "x", .uid = somebody, .gids = {}}, "sshd").rules;
    }

    Surroundings& around_ = Surroundings::the();
    Policy policy_;
    Config config_;
    Events events_;
    Statistics statistics_{events_};
    HistoryCount history_count_{around_.loop.get_executor(), around_.store->path(), statistics_};
    MemorySlots slots_{around_.loop.get_executor()};
    LoginService login_service_{slots_, policy_, events_, around_.kept, statistics_};
    RecordQueue records_{around_.loop.get_executor(), *around_.store, [](const std::string& /*problem*/) {}};
    SessionsService sessions_service_{slots_,
                                      records_,
                                      around_.accounts,
                                      events_,
                                      {.policy = policy_, .config = config_},
                                      {.statistics = statistics_,
                                       .history = history_count_,
                                       .host = "host",
                                       .started = 0,
                                       .problems = [] { return std::vector<std::string>{}; },
                                       .gauges = [] { return Gauges{}; }}};
    Server login_server_{idle(around_.loop), login_service_.dispatcher(), around_.turns, limits()};
    Server sessions_server_{idle(around_.loop), sessions_service_.dispatcher(), around_.turns, limits()};
    std::string id_ = "01234567-89ab-7def-8123-456789abcdef";
    std::map<char, Client> clients_;
};

std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = text_of(data, size);
    World world{take_line(text)};
    for (int sent = 0; !text.empty() && sent < most_sent; ++sent) {
        const auto line = take_line(text);
        if (line.empty())
            continue;
        const char who = line.front();
        const char name = static_cast<char>(std::tolower(static_cast<unsigned char>(who)));
        if (name >= 'a' && name <= 'l')
            world.send(who, std::string{line.substr(1)});
    }
    return 0;
}
