// SPDX-License-Identifier: MIT
#include "protocol/envelope.hpp"

namespace solo::protocol {

namespace {

/// Reads an optional flag; false where it is there and no boolean.
bool read_flag(const Json& message, const char* name, bool& flag) {
    const auto found = message.find(name);
    if (found == message.end() || found->is_null())
        return true;
    if (!found->is_boolean())
        return false;
    flag = found->get<bool>();
    return true;
}

/// Takes "parameters" out of the message, an empty object where there are none; false where it is no object.
bool take_parameters(Json& message, Json& parameters) {
    const auto found = message.find("parameters");
    if (found == message.end() || found->is_null())
        return true;
    if (!found->is_object())
        return false;
    parameters = std::move(*found);
    return true;
}

/// Appends a member to an object that has one already.
void append_flag(std::string& frame, std::string_view member, bool flag) {
    if (flag)
        frame.append(",\"").append(member).append("\":true");
}

/// Ends the object and the frame.
std::string ended(std::string frame) {
    frame.append(1, '}').append(1, '\0');
    return frame;
}

} // namespace

std::optional<ReceivedCall> parse_call(std::string_view text) {
    auto message = parse_json(text);
    if (!message || !message->is_object())
        return std::nullopt;
    const auto method = message->find("method");
    if (method == message->end() || !method->is_string())
        return std::nullopt;
    ReceivedCall call{.method = method->get<std::string>()};
    const bool readable =
        take_parameters(*message, call.parameters) && read_flag(*message, "oneway", call.oneway) &&
        read_flag(*message, "more", call.more) && read_flag(*message, "upgrade", call.upgrade);
    if (!readable || call.oneway + call.more + call.upgrade > 1)
        return std::nullopt;
    return call;
}

std::optional<ReceivedReply> parse_reply(std::string_view text) {
    auto message = parse_json(text);
    if (!message || !message->is_object())
        return std::nullopt;
    ReceivedReply reply;
    const auto error = message->find("error");
    if (error != message->end() && !error->is_null()) {
        if (!error->is_string() || error->get_ref<const std::string&>().empty())
            return std::nullopt;
        reply.error = error->get<std::string>();
    }
    if (!take_parameters(*message, reply.parameters) || !read_flag(*message, "continues", reply.continues))
        return std::nullopt;
    return reply;
}

std::string to_frame(const Call& call) {
    std::string frame{"{\"method\":"};
    append_string(frame, call.method);
    frame.append(",\"parameters\":").append(call.parameters);
    append_flag(frame, "oneway", call.oneway);
    append_flag(frame, "more", call.more);
    append_flag(frame, "upgrade", call.upgrade);
    return ended(std::move(frame));
}

std::string to_frame(const Reply& reply) {
    std::string frame{"{\"parameters\":"};
    frame += reply.parameters;
    if (!reply.error.empty()) {
        frame += ",\"error\":";
        append_string(frame, reply.error);
    }
    append_flag(frame, "continues", reply.continues);
    return ended(std::move(frame));
}

} // namespace solo::protocol
