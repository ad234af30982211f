// SPDX-License-Identifier: MIT
#include "ctl/file_text.hpp"

#include "ctl/write_all.hpp"
#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace solo::ctl {

namespace fs = std::filesystem;
using protocol::UniqueFd;

namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20U;

std::string failure(const char* what, const fs::path& path) {
    return fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno));
}

bool is_same(const struct stat& left, const struct stat& right) {
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino && left.st_size == right.st_size &&
           left.st_mtim.tv_sec == right.st_mtim.tv_sec && left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

/// Labels (SELinux) and access lists; a file system without attributes has none to lose. Signatures of the
/// content (IMA, EVM) would be wrong.
bool copy_attributes(int from, int to) {
    std::vector<char> names(65536);
    const auto size = ::flistxattr(from, names.data(), names.size());
    if (size < 0)
        return errno == ENOTSUP;
    for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
        const std::string_view text{name};
        if (text == "security.ima" || text == "security.evm")
            continue;
        std::vector<char> value(65536);
        const auto length = ::fgetxattr(from, name, value.data(), value.size());
        if (length < 0 || ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0) != 0)
            return false;
    }
    return true;
}

/// The new file beside the one whose place it takes; gone if that does not happen. Its name begins with a dot
/// and is the same each time, so that what a killed program left is overwritten and not gathered.
class Successor {
public:
    explicit Successor(const fs::path& target)
        : target_{target}, path_{target.parent_path() / ("." + target.filename().string() + ".soloctl")} {
        (void)::unlink(path_.c_str());
        fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    }
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;
    ~Successor() {
        if (fd_)
            (void)::unlink(path_.c_str());
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

    /// Everything but its place. False with errno where that fails.
    [[nodiscard]] bool write(std::string_view text, const struct stat& like) const {
        return fd_ && write_all(fd(), text) == 0 && ::fchown(fd(), like.st_uid, like.st_gid) == 0 &&
               ::fchmod(fd(), like.st_mode & 07777U) == 0;
    }

    [[nodiscard]] bool take_place() {
        if (::fsync(fd()) != 0 || ::rename(path_.c_str(), target_.c_str()) != 0)
            return false;
        fd_.reset();
        const UniqueFd directory{::open(target_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        // The new file is there; only a power cut could bring the old one back.
        (void)::fsync(directory.get());
        return true;
    }

private:
    fs::path target_;
    fs::path path_;
    UniqueFd fd_;
};

} // namespace

tl::expected<FileText, std::string> read_file(const fs::path& path) {
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    FileText file;
    if (!fd || ::fstat(fd.get(), &file.state) != 0)
        return tl::unexpected{failure("read", path)};
    if (!S_ISREG(file.state.st_mode))
        return tl::unexpected{fmt::format("{} is not a file", path.string())};
    char buffer[16384];
    for (;;) {
        const auto count = ::read(fd.get(), buffer, sizeof buffer);
        if (count < 0)
            return tl::unexpected{failure("read", path)};
        if (count == 0)
            return file;
        file.text.append(buffer, static_cast<std::size_t>(count));
        if (file.text.size() > most_bytes)
            return tl::unexpected{fmt::format("{} is too long", path.string())};
    }
}

tl::expected<void, std::string> replace_file(const fs::path& path, std::string_view text,
                                             const FileText& was) {
    const UniqueFd original{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!original)
        return tl::unexpected{failure("read", path)};
    Successor successor{path};
    if (!successor.write(text, was.state) || !copy_attributes(original.get(), successor.fd()))
        return tl::unexpected{failure("write a new version of", path)};
    struct stat now {};
    if (::lstat(path.c_str(), &now) != 0 || !is_same(now, was.state))
        return tl::unexpected{
            fmt::format("{} has been changed by somebody else meanwhile. Try again", path.string())};
    if (!successor.take_place())
        return tl::unexpected{failure("replace", path)};
    return {};
}

tl::expected<void, std::string> write_copy(const fs::path& path, std::string_view text,
                                           const FileText& original) {
    Successor successor{path};
    if (!successor.write(text, original.state) || !successor.take_place())
        return tl::unexpected{failure("write", path)};
    return {};
}

} // namespace solo::ctl
