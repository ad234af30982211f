// SPDX-License-Identifier: MIT
#include "daemon/descriptor_store.hpp"

#include "daemon/log.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <asio/post.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#if SOLO_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace solo {

namespace {

using Protocol = asio::local::datagram_protocol;

constexpr std::array prefixes{std::string_view{"leader-"}, std::string_view{"line-"}};

std::string name_of(DescriptorStore::Kind kind, const SessionId& id) {
    return std::string{prefixes.at(static_cast<std::size_t>(kind))} + id.text();
}

/// The address of systemd's socket; the first byte of an abstract one is written as @.
std::string manager_path() {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    std::string text = path == nullptr ? "" : path;
    if (text.starts_with('@'))
        text.front() = '\0';
    return text;
}

} // namespace

DescriptorStore::DescriptorStore(const asio::any_io_executor& executor) : manager_{executor} {
    const std::string path = manager_path();
    if (path.empty())
        return;
    std::error_code error;
    manager_.connect(Protocol::endpoint{path}, error);
    if (error) {
        log(Priority::warning, "no descriptors are kept over a restart: NOTIFY_SOCKET: {}", error.message());
        manager_.close(error);
    }
    take_passed();
}

void DescriptorStore::take_passed() {
#if SOLO_HAVE_SYSTEMD
    char** names = nullptr;
    const int count = ::sd_listen_fds_with_names(0, &names);
    for (int i = 0; i < count; ++i) {
        const std::string_view name{names[i]};
        for (const Kind kind : {Kind::leader, Kind::line}) {
            const std::string_view prefix = prefixes.at(static_cast<std::size_t>(kind));
            if (!name.starts_with(prefix))
                continue;
            if (const auto id = SessionId::parse(name.substr(prefix.size())))
                passed_[kind].insert_or_assign(*id, protocol::UniqueFd{SD_LISTEN_FDS_START + i});
        }
        ::free(names[i]);
    }
    ::free(names);
#endif
}

DescriptorStore::Descriptors DescriptorStore::take(Kind kind) {
    return std::exchange(passed_[kind], {});
}

void DescriptorStore::keep(Kind kind, const SessionId& id, int fd) {
    if (!manager_.is_open())
        return;
    protocol::UniqueFd duplicate{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (duplicate) // else there is none to spare, and the session is found again without it
        say({name_of(kind, id), std::move(duplicate)});
}

void DescriptorStore::drop(Kind kind, const SessionId& id) {
    if (!manager_.is_open())
        return;
    std::string name = name_of(kind, id);
    if (std::erase_if(messages_, [&](const Message& waiting) { return waiting.name == name; }) == 0)
        say({std::move(name), {}});
}

void DescriptorStore::say(Message message) {
    messages_.push_back(std::move(message));
    if (std::exchange(is_saying_, true))
        return;
    asio::post(manager_.get_executor(), [this] { say_all(); }); // after the answer to the login
}

void DescriptorStore::say_all() {
    while (!messages_.empty() && send(messages_.front()))
        messages_.pop_front();
    is_saying_ = !messages_.empty();
    if (!is_saying_)
        return;
    manager_.async_wait(Protocol::socket::wait_write, [this](std::error_code error) {
        if (!error)
            say_all();
    });
}

/// False where systemd's queue is full.
bool DescriptorStore::send(const Message& message) {
    std::string text = (message.fd ? "FDSTORE=1\nFDNAME=" : "FDSTOREREMOVE=1\nFDNAME=") + message.name;
    iovec bytes{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    if (message.fd) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        const int fd = message.fd.get();
        std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    if (::sendmsg(manager_.native_handle(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return true;
    if (errno == EAGAIN)
        return false;
    log(Priority::warning, "systemd does not take {}: {}", message.name, std::strerror(errno));
    return true;
}

} // namespace solo
