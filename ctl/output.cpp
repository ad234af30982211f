// SPDX-License-Identifier: MIT
#include "ctl/output.hpp"

#include "ctl/problem.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

namespace solo::ctl {

namespace {

/// Writes all of it; the errno of the first failure, else 0.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(fd, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

void print_dump(const protocol::Json& value, int indent) {
    constexpr bool ascii_only = true;
    print(value.dump(indent, ' ', ascii_only, protocol::Json::error_handler_t::replace) + '\n');
}

} // namespace

void print(std::string_view text) {
    const int error = write_all(STDOUT_FILENO, text);
    if (error != 0 && error != EPIPE)
        throw Problem{exit_no, std::string{"cannot write to standard output: "} + std::strerror(error)};
}

void print_json(const protocol::Json& value) {
    print_dump(value, 2);
}

void print_json_line(const protocol::Json& value) {
    print_dump(value, -1); // none: all on one line
}

void print_error(std::string_view text) {
    std::string line{"soloctl: "};
    line.append(text).push_back('\n');
    (void)write_all(STDERR_FILENO, line);
}

} // namespace solo::ctl
