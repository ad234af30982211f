// SPDX-License-Identifier: MIT
// open_client SOCKET ACCOUNT UID grant|refuse: the module's part of a login without libpam and NSS. What is
// timed is connect, Open and its answer. Confirm and Close follow, so that the next login finds the slot
// free.
#include "protocol/channel.hpp"
#include "protocol/login_messages.hpp"
#include "tests/bench/raw_socket.hpp"
#include "tests/bench/rounds.hpp"

#include <array>
#include <charconv>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include <sys/random.h>

using namespace solo::bench;
using namespace solo::protocol;

namespace {

constexpr auto never = std::chrono::hours{1};

std::string nonce() {
    std::array<unsigned char, 16> random{};
    must(::getrandom(random.data(), random.size(), 0) == std::ssize(random), "getrandom");
    std::string text;
    for (const unsigned byte : random)
        text.append({"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]});
    return text;
}

Channel connected(const std::string& path) {
    auto channel =
        Channel::connect(path, Deadline::in(never), Deadline::in(never), /*server=*/uid_t{0}, Named::as_line);
    if (!channel)
        throw std::runtime_error{channel.error().text()};
    return *std::move(channel);
}

ReceivedReply reply_to(Channel& channel, const Call& call) {
    auto reply = channel.call(call, Deadline::in(never));
    if (!reply)
        throw std::runtime_error{reply.error().text()};
    return *std::move(reply);
}

/// The rest of the session: its program has the answer, and logs out.
void log_out(Channel& channel, const std::string& id) {
    auto confirm = make_call(login::Confirm{id});
    confirm.oneway = true;
    reply_to(channel, confirm);
    if (reply_to(channel, make_call(login::Close{id})).failed())
        throw std::runtime_error{"Close failed"};
}

} // namespace

int main(int /*argc*/, char** argv) {
    const std::string_view uid{argv[3]};
    Account account{.name = argv[2], .uid = 0, .gids = std::nullopt};
    std::from_chars(uid.begin(), uid.end(), *account.uid);
    const bool is_grant_expected = std::string_view{argv[4]} == "grant";
    return serve_rounds([&] {
        const login::Open open{.account = account,
                               .origin = {.service = "sshd", .tty = "ssh", .rhost = "10.0.0.5", .ruser = {}},
                               .nonce = nonce(),
                               .takeover = std::nullopt};
        std::optional<Channel> channel;
        ReceivedReply reply;
        const auto time = time_of([&] {
            channel = connected(argv[1]);
            reply = reply_to(*channel, make_call(open));
        });
        if (reply.failed() == is_grant_expected || (reply.failed() && reply.error != login::Refused::error))
            throw std::runtime_error{"unexpected answer: " + reply.error};
        if (is_grant_expected)
            log_out(*channel, decode<login::Open::Reply>(reply.parameters)->id.value());
        return time;
    });
}
