// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

/// What libFuzzer calls with each input; replay.cpp does so with those that are kept.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace solo::testing {

/// Ends the program where something does not hold that must hold for every input.
inline void must(bool holds, const char* what,
                 const std::source_location& where = std::source_location::current()) {
    if (holds)
        return;
    std::fprintf(stderr, "%s:%u: not so: %s\n", where.file_name(), where.line(), what);
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

} // namespace solo::testing
