// SPDX-License-Identifier: MIT
// A server that says anything: what the module makes of it. Only a well-formed grant may open a session.
#include "pam_module/solod.hpp"
#include "protocol/envelope.hpp"
#include "tests/fuzz/invariant.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace solo;
using namespace solo::testing;
using namespace std::chrono_literals;

namespace {

/// Says the present input to whoever connects and asks, and hangs up.
class Server {
public:
    Server() : path_{"/tmp/solo-reply-fuzz." + std::to_string(::getpid())} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        ::unlink(path_.c_str());
        must(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                 ::listen(listener_.get(), 16) == 0,
             "it listens");
        std::thread{[this] {
            for (;;)
                answer(protocol::UniqueFd{::accept(listener_.get(), nullptr, nullptr)});
        }}.detach();
        std::atexit([] { ::unlink(the().path().c_str()); });
    }

    static Server& the() {
        static auto* const server = new Server; // its thread never ends
        return *server;
    }

    void say(std::string_view bytes) {
        const std::lock_guard lock{mutex_};
        bytes_ = bytes;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    void answer(const protocol::UniqueFd& client) {
        std::array<char, 4096> call{};
        ssize_t count = 0;
        do
            count = ::recv(client.get(), call.data(), call.size(), 0);
        while (count > 0 && call[static_cast<std::size_t>(count) - 1] != '\0');
        std::string bytes;
        {
            const std::lock_guard lock{mutex_};
            bytes = bytes_;
        }
        (void)!::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    std::string path_;
    protocol::UniqueFd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::mutex mutex_;
    std::string bytes_;
};

/// The first message, where it is a reply that reports a success.
std::optional<protocol::ReceivedReply> success_in(std::string_view bytes) {
    const auto end = bytes.find('\0');
    if (end == std::string_view::npos)
        return std::nullopt;
    auto reply = protocol::parse_reply(bytes.substr(0, end));
    return reply && !reply->failed() && !reply->continues ? std::move(reply) : std::nullopt;
}

bool is_harmless(const std::string& id) {
    return id.size() <= 64 &&
           std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) || c == '-'; });
}

void check_problem(const pam::Problem& problem, std::string_view bytes) {
    must(problem.refused || !problem.reason.empty(), "it is said why");
    if (problem.refused)
        must(bytes.find("org.pamsolo.Login.Refused") != std::string_view::npos ||
                 bytes.find("\\u") != std::string_view::npos,
             "only Refused is a refusal");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = text_of(data, size);
    if (bytes.empty())
        return 0; // a lost connection, which is tried again for a while
    Server::the().say(bytes);
    const pam::Solod solod{Server::the().path(), protocol::Deadline::in(50ms)};
    const protocol::Account account{.name = "alice", .uid = 1000, .gids = std::vector<std::uint32_t>{1000}};
    const protocol::Origin origin{.service = "sshd", .tty = {}, .rhost = {}, .ruser = {}};
    const auto success = success_in(bytes);

    const auto opened =
        solod.open({.account = account, .origin = origin, .nonce = std::string(32, '0'), .takeover = {}});
    if (opened) {
        must(success && is_harmless(opened->id), "only a success opens a session");
        const std::string said = success->parameters.value("decision", "");
        must(said == (opened->id.empty() ? "ignore" : "grant"), "what it said");
    } else {
        check_problem(opened.error(), bytes);
    }
    const auto checked = solod.check({.account = account, .origin = origin});
    if (checked)
        must(success.has_value(), "only a success is an answer");
    else
        check_problem(checked.error(), bytes);
    if (solod.close("01234567-89ab-7def-8123-456789abcdef"))
        must(success.has_value(), "only a success closes a session");
    return 0;
}
