// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/account_lookup.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <tl/expected.hpp>

namespace solo {

/// Asks NSS which account a name means and its groups, without making the event loop wait: NSS may ask a
/// server (LDAP) that does not answer. One thread does it, one name after the other; it is started when it is
/// first needed.
class Accounts {
public:
    using Found = tl::expected<protocol::Account, protocol::NoAccount>;
    using Lookup = std::function<Found(const std::string&)>;

    /// Who asks. Who opens leases for all asks for many people at once.
    struct Asker {
        std::uint32_t uid = 0;
        bool opens_for_all = false;
    };

    /// How much may wait at once: nobody can keep the others from being served.
    static constexpr std::size_t most_waiting = 1024;
    static constexpr std::size_t most_waiting_of_an_opener = 512;
    static constexpr std::size_t most_waiting_of_a_user = 8;

    /// A name that takes longer than `patience` is a failure. `lookup` is called by the thread.
    explicit Accounts(asio::any_io_executor executor, Lookup lookup = protocol::look_up_account_and_groups,
                      std::chrono::milliseconds patience = std::chrono::seconds{5});

    /// Does not wait for NSS: a thread that hangs in it is left to itself.
    ~Accounts();
    Accounts(const Accounts&) = delete;
    Accounts& operator=(const Accounts&) = delete;

    /// The account that goes by this name. To be called from the event loop.
    asio::awaitable<Found> find(std::string name, Asker asker);

private:
    struct Queue;

    void start();

    asio::any_io_executor executor_;
    std::chrono::milliseconds patience_;
    std::shared_ptr<Queue> queue_; ///< shared with the thread
    std::thread thread_;
};

} // namespace solo
