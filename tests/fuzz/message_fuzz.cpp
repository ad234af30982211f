// SPDX-License-Identifier: MIT
// Bytes as they come from a socket: cut into messages, parsed, read into each message type, and back.
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/login_messages.hpp"
#include "protocol/printable.hpp"
#include "protocol/service_messages.hpp"
#include "protocol/sessions_messages.hpp"
#include "tests/fuzz/invariant.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace solo::protocol;
using namespace solo::testing;

namespace {

constexpr std::size_t limit = 2000;

/// The messages that a reader finds who is given so many bytes at a time; the rest is lost after one that is
/// too long.
std::vector<std::string> messages_by_reader(std::string_view bytes, std::size_t step) {
    FrameReader reader{limit};
    std::vector<std::string> messages;
    while (!bytes.empty()) {
        const auto space = reader.space();
        must(!space.empty(), "there is room");
        const auto count = std::min({space.size(), step, bytes.size()});
        std::copy_n(bytes.begin(), count, space.begin());
        bytes.remove_prefix(count);
        reader.received(count);
        while (const auto message = reader.next())
            messages.emplace_back(*message);
        if (reader.over_limit())
            break;
    }
    return messages;
}

/// The same by looking at all of it at once.
std::vector<std::string> messages_in(std::string_view bytes) {
    std::vector<std::string> messages;
    for (;;) {
        const auto end = bytes.find('\0');
        if (end == std::string_view::npos || end >= limit)
            return messages;
        messages.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
    }
}

template<Message T>
void there_and_back(const Json& json) {
    const auto message = decode<T>(json);
    if (!message)
        return;
    const std::string written = to_json(*message);
    const auto parsed = parse_json(written);
    must(parsed.has_value(), "what is written is JSON");
    const auto again = decode<T>(*parsed);
    must(again.has_value() && to_json(*again) == written, "what was read is written and read as the same");
}

template<Message... T>
void all_there_and_back(const Json& json) {
    (there_and_back<T>(json), ...);
}

void decode_all(const Json& json) {
    all_there_and_back<login::Check, login::Check::Reply, login::Open, login::Open::Reply, login::Confirm,
                       login::Close, login::Refused, login::Unavailable>(json);
    all_there_and_back<sessions::SessionReply, sessions::List, sessions::Get, sessions::Validate,
                       sessions::Validate::Reply, sessions::Explain, sessions::Explain::Reply, sessions::End,
                       sessions::Unlock, sessions::Watch::Reply, sessions::Status::Reply, sessions::OpenLease,
                       sessions::Renew::Reply, sessions::Refused, sessions::NotActive>(json);
    all_there_and_back<service::GetInfo::Reply, service::GetInterfaceDescription, service::InvalidParameter>(
        json);
}

Call as_sent(const ReceivedCall& call) {
    return {.method = call.method,
            .parameters = to_text(call.parameters),
            .oneway = call.oneway,
            .more = call.more,
            .upgrade = call.upgrade};
}

Reply as_sent(const ReceivedReply& reply) {
    return {.parameters = to_text(reply.parameters), .error = reply.error, .continues = reply.continues};
}

template<class Envelope, class Parse>
void framed_and_back(const Envelope& envelope, Parse parse) {
    std::string frame = to_frame(envelope);
    must(frame.find('\0') == frame.size() - 1, "one NUL, at the end");
    frame.pop_back();
    const auto again = parse(frame);
    must(again && to_frame(as_sent(*again)) == frame + '\0', "what was said is understood as the same");
}

void check_json(const std::string& text) {
    const auto json = parse_json(text);
    if (!json)
        return;
    const auto again = parse_json(to_text(*json));
    must(again && *again == *json, "what is written is read as the same");
    decode_all(*json);
    if (const auto call = parse_call(text)) {
        must(call->oneway + call->more + call->upgrade <= 1, "one flag at most");
        framed_and_back(as_sent(*call), parse_call);
        decode_all(call->parameters);
    }
    if (const auto reply = parse_reply(text)) {
        framed_and_back(as_sent(*reply), parse_reply);
        decode_all(reply->parameters);
    }
}

void check_printable(std::string_view text) {
    const std::string shown = printable(text);
    must(std::ranges::none_of(shown, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }),
         "nothing that controls a terminal");
    must(printable(shown) == shown, "what is clean stays as it is");
    must(parse_json(to_text(Json(shown))) == Json(shown), "it is UTF-8");
    const auto part = truncated(shown, 10);
    must(part.size() <= 10 && shown.starts_with(part) && printable(part) == part, "no half of a character");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = text_of(data, size);
    const auto messages = messages_in(bytes);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, limit})
        must(messages_by_reader(bytes, step) == messages, "however they come, the messages are the same");
    for (const std::string& message : messages)
        check_json(message);
    const std::string rest{bytes.substr(bytes.rfind('\0') + 1)};
    check_json(rest);
    check_printable(rest);
    return 0;
}
