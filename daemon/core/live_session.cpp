// SPDX-License-Identifier: MIT
#include "daemon/core/live_session.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace solo {

namespace {

using Text = std::optional<std::string_view>;

/// Seven bits in each byte, the lowest first; the eighth says that more follow.
void put_number(std::string& packed, std::size_t number) {
    for (; number >= 0x80; number >>= 7U)
        packed.push_back(static_cast<char>(number | 0x80U));
    packed.push_back(static_cast<char>(number));
}

std::size_t take_number(const char*& packed) {
    std::size_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*packed++);
        number |= std::size_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return number;
    }
}

/// Its length and one, so that there can be none, and the text.
void put(std::string& packed, Text text) {
    put_number(packed, text ? text->size() + 1 : 0);
    packed += text.value_or("");
}

Text take(const char*& packed) {
    const std::size_t number = take_number(packed);
    if (number == 0)
        return std::nullopt;
    const std::string_view text{packed, number - 1};
    packed += text.size();
    return text;
}

std::string_view bytes_of(const std::vector<std::uint32_t>& gids) {
    return {reinterpret_cast<const char*>(gids.data()), gids.size() * sizeof gids[0]};
}

std::vector<std::uint32_t> gids_of(std::string_view bytes) {
    std::vector<std::uint32_t> gids(bytes.size() / sizeof(std::uint32_t));
    if (!gids.empty())
        std::memcpy(gids.data(), bytes.data(), bytes.size());
    return gids;
}

std::optional<std::string> copy(Text text) {
    return text ? std::optional<std::string>{*text} : std::nullopt;
}

} // namespace

/// In the order in which they are packed.
struct LiveSession::Texts {
    Text account;
    Text nonce;
    Text service;
    Text tty;
    Text rhost;
    Text ruser;
    Text logind_session;
    Text gids; ///< their bytes
};

Terms::Terms(const Rules& rules)
    : grace_time{rules.grace_time.value}, on_leader_exit{rules.on_leader_exit.value},
      reveal_holder{rules.reveal_holder.value} {}

LiveSession::LiveSession(const Session& session, Terms its_terms, Line its_line)
    : id{session.id}, leader{session.leader}, expires{session.expires}, lease{session.lease},
      state{session.state}, reason{session.reason}, line{its_line}, share{session.share}, slot{session.slot},
      terms{its_terms}, uid_{session.uid}, opened_{session.opened}, line_inode_{session.traces.line_inode},
      audit_session_{session.traces.audit_session} {
    pack({.account = session.account,
          .nonce = session.nonce,
          .service = session.origin.service,
          .tty = session.origin.tty,
          .rhost = session.origin.rhost,
          .ruser = session.origin.ruser,
          .logind_session = session.traces.logind_session,
          .gids = bytes_of(session.gids)});
}

Session LiveSession::full() const {
    const Texts texts = this->texts();
    return {.id = id,
            .account = std::string{*texts.account},
            .uid = uid_,
            .gids = gids_of(*texts.gids),
            .state = state,
            .reason = reason,
            .origin = origin(),
            .leader = leader,
            .slot = slot,
            .share = share,
            .opened = opened_,
            .ended = std::nullopt,
            .superseded_by = std::nullopt,
            .nonce = std::string{*texts.nonce},
            .traces = traces(),
            .expires = expires,
            .lease = lease};
}

std::string_view LiveSession::account() const {
    const char* packed = packed_.get();
    return *take(packed);
}

std::string_view LiveSession::nonce() const {
    return *texts().nonce;
}

protocol::Origin LiveSession::origin() const {
    const Texts texts = this->texts();
    return {.service = std::string{*texts.service},
            .tty = copy(texts.tty),
            .rhost = copy(texts.rhost),
            .ruser = copy(texts.ruser)};
}

Traces LiveSession::traces() const {
    return {.line_inode = line_inode_,
            .audit_session = audit_session_,
            .logind_session = copy(texts().logind_session)};
}

void LiveSession::set_traces(const Traces& traces) {
    line_inode_ = traces.line_inode;
    audit_session_ = traces.audit_session;
    Texts changed = texts();
    changed.logind_session = traces.logind_session;
    pack(changed);
}

void LiveSession::set_gids(const std::vector<std::uint32_t>& gids) {
    Texts changed = texts();
    changed.gids = bytes_of(gids);
    pack(changed);
}

LiveSession::Texts LiveSession::texts() const {
    const char* packed = packed_.get();
    return {.account = take(packed),
            .nonce = take(packed),
            .service = take(packed),
            .tty = take(packed),
            .rhost = take(packed),
            .ruser = take(packed),
            .logind_session = take(packed),
            .gids = take(packed)};
}

/// They may lie in the block that is replaced.
void LiveSession::pack(const Texts& texts) {
    std::string packed;
    for (const Text& text : {texts.account, texts.nonce, texts.service, texts.tty, texts.rhost, texts.ruser,
                             texts.logind_session, texts.gids})
        put(packed, text);
    auto block = std::make_unique<char[]>(packed.size());
    std::ranges::copy(packed, block.get());
    packed_ = std::move(block);
}

} // namespace solo
