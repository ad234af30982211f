// SPDX-License-Identifier: MIT
#include "protocol/account_lookup.hpp"

#include "protocol/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include <grp.h>
#include <pwd.h>

namespace solo::protocol {

namespace {

struct Entry {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

tl::unexpected<NoAccount> failure(int error) {
    return tl::unexpected{
        NoAccount{true, std::string{"the account cannot be looked up ("} + std::strerror(error) + ")"}};
}

/// Errors that leave open whether there is such an account (getpwnam(3) lists what else means that there is
/// none).
bool is_failure(int error) {
    constexpr auto failures = std::to_array({EAGAIN, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ETIMEDOUT});
    return std::ranges::find(failures, error) != failures.end();
}

/// Runs getpwnam_r or getpwuid_r with a buffer that is large enough. Nothing where NSS knows no such account.
template<class Lookup>
tl::expected<std::optional<Entry>, NoAccount> look_up(Lookup lookup) {
    constexpr std::size_t absurd = std::size_t{1} << 24U;
    std::vector<char> buffer(1024);
    for (;;) {
        passwd entry{};
        passwd* found = nullptr;
        const int error = lookup(&entry, buffer.data(), buffer.size(), &found);
        if (found != nullptr)
            return Entry{found->pw_name, found->pw_uid, found->pw_gid};
        if (error == ERANGE && buffer.size() < absurd) {
            buffer.resize(buffer.size() * 4);
        } else if (is_failure(error) || error == ERANGE) {
            return failure(error);
        } else {
            return std::optional<Entry>{};
        }
    }
}

tl::expected<std::optional<Entry>, NoAccount> entry_of(const std::string& name) {
    return look_up([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
    });
}

tl::expected<std::optional<Entry>, NoAccount> entry_of(uid_t uid) {
    return look_up([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
        return ::getpwuid_r(uid, entry, buffer, size, found);
    });
}

tl::expected<std::vector<std::uint32_t>, NoAccount> groups_of(const Entry& entry) {
    constexpr int most = 1 << 20;
    std::vector<gid_t> gids(64);
    for (;;) {
        int count = static_cast<int>(gids.size());
        if (::getgrouplist(entry.name.c_str(), entry.gid, gids.data(), &count) >= 0)
            return std::vector<std::uint32_t>(gids.begin(), gids.begin() + count);
        if (gids.size() >= most)
            return failure(ERANGE);
        gids.resize(std::max(gids.size() * 2, static_cast<std::size_t>(std::max(count, 0))));
    }
}

/// Names that would look like another or could not be said to the daemon: no account may have one.
std::optional<NoAccount> problem_of(std::string_view name) {
    if (name.empty())
        return NoAccount{false, "the account has no name"};
    if (name.size() > longest_text)
        return NoAccount{false, "the account's name is longer than 256 bytes"};
    if (printable(name) != name) {
        return NoAccount{false,
                         "the account's name has control characters or is no UTF-8: " + std::string{name}};
    }
    return std::nullopt;
}

/// The account of the entry that stands for all entries of the same uid.
tl::expected<Account, NoAccount> canonical(Entry entry) {
    auto first = entry_of(entry.uid);
    if (!first)
        return tl::unexpected{std::move(first).error()};
    if (first->has_value())
        entry = **std::move(first);
    if (auto problem = problem_of(entry.name))
        return tl::unexpected{*std::move(problem)};
    return Account{.name = std::move(entry.name), .uid = entry.uid, .gids = std::nullopt};
}

} // namespace

tl::expected<Account, NoAccount> look_up_account(const std::string& name) {
    if (auto problem = problem_of(name))
        return tl::unexpected{*std::move(problem)};
    auto known = entry_of(name);
    if (!known)
        return tl::unexpected{std::move(known).error()};
    if (!known->has_value())
        return Account{.name = name, .uid = std::nullopt, .gids = std::nullopt};
    return canonical(**std::move(known));
}

tl::expected<std::vector<std::uint32_t>, NoAccount> look_up_groups(const Account& account) {
    if (!account.uid)
        return std::vector<std::uint32_t>{};
    const auto known = entry_of(account.name);
    if (!known)
        return tl::unexpected{known.error()};
    if (!known->has_value() || (*known)->uid != *account.uid)
        return tl::unexpected{NoAccount{true, "NSS does not know the account any more: " + account.name}};
    return groups_of(**known);
}

tl::expected<Account, NoAccount> look_up_account_and_groups(const std::string& name) {
    auto account = look_up_account(name);
    if (!account)
        return account;
    auto gids = look_up_groups(*account);
    if (!gids)
        return tl::unexpected{std::move(gids).error()};
    account->gids = *std::move(gids);
    return account;
}

} // namespace solo::protocol
