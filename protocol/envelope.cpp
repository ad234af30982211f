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

std::string terminated(const Json& message) {
    std::string frame = to_text(message);
    frame.push_back('\0');
    return frame;
}

} // namespace

std::optional<Call> parse_call(std::string_view text) {
    auto message = parse_json(text);
    if (!message || !message->is_object())
        return std::nullopt;
    const auto method = message->find("method");
    if (method == message->end() || !method->is_string())
        return std::nullopt;
    Call call{.method = method->get<std::string>()};
    const bool readable =
        take_parameters(*message, call.parameters) && read_flag(*message, "oneway", call.oneway) &&
        read_flag(*message, "more", call.more) && read_flag(*message, "upgrade", call.upgrade);
    if (!readable || call.oneway + call.more + call.upgrade > 1)
        return std::nullopt;
    return call;
}

std::optional<Reply> parse_reply(std::string_view text) {
    auto message = parse_json(text);
    if (!message || !message->is_object())
        return std::nullopt;
    Reply reply;
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
    Json message{{"method", call.method}};
    if (!call.parameters.empty())
        message["parameters"] = call.parameters;
    if (call.oneway)
        message["oneway"] = true;
    if (call.more)
        message["more"] = true;
    if (call.upgrade)
        message["upgrade"] = true;
    return terminated(message);
}

std::string to_frame(const Reply& reply) {
    Json message{{"parameters", reply.parameters}};
    if (reply.failed())
        message["error"] = reply.error;
    if (reply.continues)
        message["continues"] = true;
    return terminated(message);
}

} // namespace solo::protocol
