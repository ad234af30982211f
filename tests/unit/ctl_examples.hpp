// SPDX-License-Identifier: MIT
// Sessions as solod would send them.
#pragma once

#include <string>

namespace solo::testing {

inline const std::string first_id = "0190a1b2-0000-7000-8000-000000000001";
inline const std::string second_id = "0190a1b2-0000-7000-8000-000000000002";
inline const std::string third_id = "0190a1b2-0000-7000-8000-000000000003";

/// A remote session, opened 2023-11-14 22:13:20 UTC.
inline std::string remote_session(const std::string& id = first_id, const std::string& account = "alice",
                                  const std::string& rhost = "10.0.0.5") {
    return R"({"id":")" + id + R"(","account":")" + account +
           R"(","uid":1000,"state":"active","service":"sshd","tty":"ssh","rhost":")" + rhost +
           R"(","host":"box","leader":4711,"slot":0,"opened":1700000000000000})";
}

/// A session at the machine, which is over.
inline std::string local_session(const std::string& id = second_id) {
    return R"({"id":")" + id +
           R"(","account":"bob","uid":1001,"state":"ended","reason":"logout","service":"login","tty":"tty1",)"
           R"("rhost":null,"host":"box","opened":1700000001000000,"ended":1700000061000000})";
}

inline std::string in_reply(const std::string& session) {
    return R"({"session":)" + session + "}";
}

} // namespace solo::testing
