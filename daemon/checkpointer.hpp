// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/any_io_executor.hpp>
#include <asio/thread_pool.hpp>
#include <tl/expected.hpp>

namespace solo {

/// Moves the database's write-ahead log into it in a thread of its own, because that waits for the disk: no
/// login is to wait for that as well. The thread is started when it is first needed.
class Checkpointer {
public:
    /// How many pages the log had, or what went wrong.
    using Done = std::function<void(const tl::expected<int, std::string>&)>;

    /// `done` is called from the event loop, as long as this lives.
    Checkpointer(asio::any_io_executor executor, std::string path, Done done);

    /// Waits for a checkpoint that is on its way.
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// Begins one. Not to be called while one is_running().
    void begin();

    [[nodiscard]] bool is_running() const { return is_running_; }

private:
    asio::any_io_executor executor_;
    std::string path_;
    std::shared_ptr<Done> done_; ///< gone with this
    bool is_running_ = false;
    std::optional<asio::thread_pool> thread_;
};

} // namespace solo
