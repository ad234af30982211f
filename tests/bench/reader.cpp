// SPDX-License-Identifier: MIT
// reader SOCKET CALL: makes this call again and again and takes the replies as fast as they come, which costs
// it next to nothing: what keeps solod busy is to leave the processors to it.
#include "tests/bench/raw_socket.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

using namespace solo::bench;

namespace {

/// Says where the last reply of a call ends. solod writes the members of a message by their names, so that a
/// reply with others to come begins with this.
class Replies {
public:
    bool has_last(std::string_view bytes) {
        for (std::size_t end = bytes.find('\0'); end != std::string_view::npos; end = bytes.find('\0')) {
            begin(bytes.substr(0, end));
            bytes.remove_prefix(end + 1);
            if (begin_ != continues)
                return true;
            begin_.clear();
        }
        begin(bytes);
        return false;
    }

private:
    static constexpr std::string_view continues = R"({"continues":true)";

    void begin(std::string_view text) { begin_ += text.substr(0, continues.size() - begin_.size()); }

    std::string begin_;
};

void call_once(int fd, const std::string& call) {
    must(::send(fd, call.c_str(), call.size() + 1, MSG_NOSIGNAL) == static_cast<ssize_t>(call.size() + 1),
         "send");
    static std::array<char, 1 << 20> bytes;
    for (Replies replies;;) {
        const auto count = ::recv(fd, bytes.data(), bytes.size(), 0);
        must(count > 0, "recv");
        if (replies.has_last({bytes.data(), static_cast<std::size_t>(count)}))
            return;
    }
}

} // namespace

int main(int /*argc*/, char** argv) {
    try {
        const auto connection = unix_socket(argv[1], ::connect);
        for (;;)
            call_once(connection.get(), argv[2]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "reader: %s\n", error.what());
        return 1;
    }
}
