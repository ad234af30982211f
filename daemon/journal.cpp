// SPDX-License-Identifier: MIT
#include "daemon/journal.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

namespace solo {

std::string journal_entry(std::span<const JournalField> fields) {
    std::string entry;
    for (const JournalField& field : fields) {
        entry += field.name;
        if (field.value.find('\n') == std::string::npos) {
            entry.append("=").append(field.value).push_back('\n');
            continue;
        }
        entry.push_back('\n');
        for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i) // little-endian
            entry.push_back(static_cast<char>(std::uint64_t{field.value.size()} >> (8 * i)));
        entry.append(field.value).push_back('\n');
    }
    return entry;
}

bool Journal::send(std::string entry) {
    const Sent sent = send_waiting() ? attempt(entry) : Sent::not_now;
    if (sent != Sent::not_now)
        return sent == Sent::yes;
    if (waiting_.size() >= most_waiting) {
        ++lost_;
        return true;
    }
    waiting_.push_back(std::move(entry));
    if (waiting_.size() == 1 && on_waiting_)
        on_waiting_();
    return true;
}

bool Journal::send_waiting() {
    while (!waiting_.empty()) {
        const Sent sent = attempt(waiting_.front());
        if (sent == Sent::not_now)
            return false;
        lost_ += sent == Sent::never ? 1 : 0;
        waiting_.pop_front();
    }
    return true;
}

/// Not connected: a journald that is started again is found again.
Journal::Sent Journal::attempt(std::string_view entry) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
        return Sent::never;
    path_.copy(address.sun_path, path_.size());
    if (!socket_)
        socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket_)
        return Sent::never;
    const auto sent = ::sendto(socket_.get(), entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (sent >= 0)
        return Sent::yes;
    return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? Sent::not_now : Sent::never;
}

} // namespace solo
