// SPDX-License-Identifier: MIT
#include "ctl/spool.hpp"

#include "ctl/problem.hpp"
#include "ctl/write_all.hpp"
#include "protocol/printable.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace solo::ctl {

namespace {

constexpr std::size_t most_in_memory = 256 * 1024;

using Length = std::uint32_t;

std::string directory() {
    const char* const set = std::getenv("TMPDIR");
    return set != nullptr && *set == '/' ? set : "/var/tmp";
}

[[noreturn]] void give_up() {
    const int error = errno;
    throw Problem{exit_no, fmt::format("cannot keep a long list in {}: {}. Is there room? Else set TMPDIR",
                                       protocol::printable(directory()), std::strerror(error))};
}

protocol::UniqueFd make_file() {
    std::string name = directory() + "/soloctl-XXXXXX";
    protocol::UniqueFd file{::mkostemp(name.data(), O_CLOEXEC)};
    if (!file)
        give_up();
    ::unlink(name.c_str());
    return file;
}

/// Gives the whole texts at the beginning of `bytes` to `take` and leaves the rest.
void take_texts(std::string& bytes, const std::function<void(std::string_view)>& take) {
    std::string_view left{bytes};
    for (Length length = 0; left.size() >= sizeof length;) {
        std::memcpy(&length, left.data(), sizeof length);
        if (left.size() < sizeof length + length)
            break;
        take(left.substr(sizeof length, length));
        left.remove_prefix(sizeof length + length);
    }
    bytes.erase(0, bytes.size() - left.size());
}

} // namespace

void Spool::add(std::string_view text) {
    const auto length = static_cast<Length>(text.size());
    recent_.append(reinterpret_cast<const char*>(&length), sizeof length).append(text);
    if (recent_.size() >= most_in_memory)
        write_out();
}

void Spool::write_out() {
    if (!file_)
        file_ = make_file();
    if (write_all(file_.get(), recent_) != 0)
        give_up();
    recent_.clear();
}

void Spool::for_each(const std::function<void(std::string_view)>& take) {
    std::string bytes;
    std::array<char, std::size_t{64} * 1024> chunk{};
    for (off_t at = 0; file_;) {
        const auto count = ::pread(file_.get(), chunk.data(), chunk.size(), at);
        if (count < 0)
            give_up();
        if (count == 0)
            break;
        at += count;
        bytes.append(chunk.data(), static_cast<std::size_t>(count));
        take_texts(bytes, take);
    }
    bytes = recent_;
    take_texts(bytes, take);
}

} // namespace solo::ctl
