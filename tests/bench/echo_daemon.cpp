// SPDX-License-Identifier: MIT
// echo_daemon SOCKET: solod's own sockets, coroutines, framing and messages around nothing: every Open is
// granted, and nobody decides, watches or records anything. What solod costs beyond this is its work.
#include "daemon/connection.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/listen.hpp"
#include "daemon/server.hpp"
#include "daemon/turns.hpp"
#include "protocol/login_messages.hpp"

#include <cstdio>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <sys/stat.h>

using namespace solo;
namespace login = protocol::login;

namespace {

using Replies = Dispatcher::Replies;
using Answer = asio::awaitable<protocol::Reply>;

Answer grant(login::Open /*call*/, Connection& /*from*/, Replies /*one*/) {
    co_return protocol::make_reply(login::Open::Reply{.decision = protocol::Decision::grant,
                                                      .id = "01a1fea3-2196-7d1a-bcf9-8079eca4c9f5",
                                                      .notice = std::nullopt});
}

Answer confirm(login::Confirm /*call*/, Connection& /*from*/, Replies /*one*/) {
    co_return protocol::make_reply(login::Confirm::Reply{});
}

Answer close_session(login::Close /*call*/, Connection& /*from*/, Replies /*one*/) {
    co_return protocol::make_reply(login::Close::Reply{});
}

} // namespace

int main(int /*argc*/, char** argv) {
    try {
        asio::io_context loop{1};
        Dispatcher dispatcher{{std::string{login::interface_name}}};
        dispatcher.add<login::Open>(grant);
        dispatcher.add<login::Confirm>(confirm);
        dispatcher.add<login::Close>(close_session);
        Turns turns{loop};
        Server server{listen_at(loop.get_executor(), argv[1], S_IRUSR | S_IWUSR),
                      dispatcher,
                      turns,
                      {.message = protocol::max_login_message,
                       .per_uid = 0,
                       .total = 0,
                       .is_root_only = true,
                       .too_many = {},
                       .forbidden = {}}};
        asio::co_spawn(loop, server.run(), asio::detached);
        turns.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "echo_daemon: %s\n", error.what());
        return 1;
    }
}
