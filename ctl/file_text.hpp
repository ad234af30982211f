// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include <sys/stat.h>

namespace solo::ctl {

/// A file as it was when it was read.
struct FileText {
    std::string text;
    struct stat state {};
};

/// Reads a regular file, whole. The error says which and why not.
tl::expected<FileText, std::string> read_file(const std::filesystem::path& path);

/// Makes `text` the content of the file that was read: another file takes its place at once, with the same
/// owner, mode and extended attributes, after it is on the disk. Whoever is killed in it leaves the old file
/// or the new one. The error says why the old one stays, also where somebody has changed it since it was
/// read.
tl::expected<void, std::string> replace_file(const std::filesystem::path& path, std::string_view text,
                                             const FileText& was);

/// Puts a copy at `path` in the same way, with the owner and mode that the file had that was read.
tl::expected<void, std::string> write_copy(const std::filesystem::path& path, std::string_view text,
                                           const FileText& original);

} // namespace solo::ctl
