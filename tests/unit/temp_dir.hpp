// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/expect.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include <stdlib.h>
#include <sys/stat.h>

namespace solo::testing {

/// A directory of its own for one test, which everybody may enter; gone with all that is in it when the test
/// is over.
class TempDir {
public:
    TempDir() {
        if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0755) != 0)
            throw std::system_error{errno, std::generic_category(), path_};
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string path(std::string_view name) const { return path_ + "/" + std::string{name}; }

    /// Writes a file, and makes the directories that lead to it. Its mode is 0644.
    std::string write(std::string_view name, std::string_view bytes) const {
        const std::string file = path(name);
        std::filesystem::create_directories(std::filesystem::path{file}.parent_path());
        std::ofstream{file, std::ios::binary}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        ::chmod(file.c_str(), 0644);
        return file;
    }

    /// What is within this directory of ours cannot be reached any more, nor can the directory be made anew,
    /// until it is given back.
    void take_away(std::string_view name) const {
        std::filesystem::rename(path(name), path(name) + ".away");
        write(name, "");
    }
    void give_back(std::string_view name) const {
        std::filesystem::remove(path(name));
        std::filesystem::rename(path(name) + ".away", path(name));
    }

private:
    std::string path_ = "/tmp/solo-unit-XXXXXX";
};

inline std::string read_bytes(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace solo::testing
