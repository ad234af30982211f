// SPDX-License-Identifier: MIT
#include "protocol/frame_reader.hpp"

#include <algorithm>
#include <cstring>

namespace solo::protocol {

namespace {

constexpr std::size_t first_size = 512;

} // namespace

std::span<char> FrameReader::space() {
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        scanned_ -= begin_;
        begin_ = 0;
    }
    if (end_ == 0 && buffer_.size() > first_size)
        std::vector<char>(std::min(first_size, limit_)).swap(buffer_);
    if (end_ == buffer_.size())
        buffer_.resize(std::min(std::max(first_size, buffer_.size() * 2), limit_));
    return std::span{buffer_}.subspan(end_);
}

void FrameReader::received(std::size_t count) {
    end_ += count;
}

std::optional<std::string_view> FrameReader::next() {
    const char* const unscanned = buffer_.data() + scanned_;
    const void* const nul = end_ == scanned_ ? nullptr : std::memchr(unscanned, '\0', end_ - scanned_);
    if (nul == nullptr) {
        scanned_ = end_;
        return std::nullopt;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(nul) - (buffer_.data() + begin_));
    const std::string_view message{buffer_.data() + begin_, length};
    begin_ += length + 1;
    scanned_ = begin_;
    return message;
}

} // namespace solo::protocol
