// SPDX-License-Identifier: MIT
#include "daemon/group_lookup.hpp"

#include "daemon/log.hpp"
#include "protocol/printable.hpp"

#include <chrono>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace solo {

namespace {

/// Until NSS is asked again for what it has not answered.
constexpr std::chrono::seconds retry_pause{30};

/// False where NSS does not say them now.
asio::awaitable<bool> look_up_groups_of(SessionId id, LocalSlots& slots, Accounts& accounts) {
    const auto session = slots.find(id);
    if (!session) // it is over meanwhile
        co_return true;
    const std::string name = session->account;
    const Accounts::Asker solod{.uid = 0, .opens_for_all = false};
    const auto account = co_await accounts.find(name, solod);
    if (account) {
        slots.learn_groups(id, account->gids.value_or(std::vector<std::uint32_t>{}));
        log(Priority::info, "session {}: the rules for groups hold for it now", id.text());
        co_return true;
    }
    log(Priority::warning, "session {}: the rules for groups do not hold for it yet: {}: {}", id.text(),
        protocol::printable(name), account.error().reason);
    co_return false;
}

} // namespace

asio::awaitable<void> look_up_groups(LocalSlots& slots, Accounts& accounts) {
    asio::steady_timer pause{co_await asio::this_coro::executor};
    for (bool is_complete = false; !is_complete;) {
        is_complete = true;
        const std::vector<SessionId> sessions = slots.without_groups();
        for (const SessionId& id : sessions)
            if (!co_await look_up_groups_of(id, slots, accounts))
                is_complete = false;
        if (is_complete)
            co_return;
        pause.expires_after(retry_pause);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

} // namespace solo
