// SPDX-License-Identifier: MIT
#include "ctl/output.hpp"

#include "ctl/problem.hpp"
#include "ctl/write_all.hpp"
#include "protocol/json.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <unistd.h>

namespace solo::ctl {

namespace {

/// How much is written at once, about.
constexpr std::size_t piece_size = 64 * 1024;

std::string laid_out(std::string_view json, int indent) {
    constexpr bool ascii_only = true;
    return protocol::Json::parse(json).dump(indent, ' ', ascii_only);
}

constexpr int indent = 2;

} // namespace

void print(std::string_view text) {
    const int error = write_all(STDOUT_FILENO, text);
    if (error != 0 && error != EPIPE)
        throw Problem{exit_no, std::string{"cannot write to standard output: "} + std::strerror(error)};
}

void LongText::add(std::string_view piece) {
    waiting_.append(piece);
    if (waiting_.size() >= piece_size)
        end();
}

void LongText::end() {
    print(waiting_);
    waiting_.clear();
}

void print_json(std::string_view json) {
    print(laid_out(json, indent) + '\n');
}

std::string json_element(std::string_view json) {
    std::string text{std::string(indent, ' ')};
    for (const char c : laid_out(json, indent)) {
        text += c;
        if (c == '\n') // no string of JSON has one
            text.append(indent, ' ');
    }
    return text;
}

void print_json_line(std::string_view json) {
    print(laid_out(json, -1) + '\n'); // all on one line
}

void print_error(std::string_view text) {
    std::string line{"soloctl: "};
    line.append(text).push_back('\n');
    (void)write_all(STDERR_FILENO, line);
}

} // namespace solo::ctl
