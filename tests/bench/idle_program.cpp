// SPDX-License-Identifier: MIT
// idle_program DIR: Asio waiting at a socket with an SQLite database open, and nothing else: what solod's
// memory is compared with. Says "ready" when it waits.
#include <cstdio>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

int main(int /*argc*/, char** argv) {
    const std::string directory = argv[1];
    SQLite::Database database{directory + "/idle.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("CREATE TABLE IF NOT EXISTS session (id BLOB PRIMARY KEY, account TEXT) STRICT");
    SQLite::Statement insert{database, "INSERT INTO session (id, account) VALUES (randomblob(16), 'alice')"};
    insert.exec();
    asio::io_context loop{1};
    asio::local::stream_protocol::acceptor acceptor{loop, directory + "/idle.sock"};
    acceptor.async_accept(
        [](std::error_code /*never*/, const asio::local::stream_protocol::socket& /*none*/) {});
    std::puts("ready");
    std::fflush(stdout);
    loop.run();
}
