// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/file_text.hpp"
#include "protocol/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo::ctl {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view magic{"SQLite format 3\0", 16};

/// Nothing where owner and mode are right.
std::optional<Finding> access_finding(const fs::path& path, const struct stat& state, unsigned mode) {
    if (state.st_uid == 0 && (state.st_mode & 0777U & ~mode) == 0)
        return std::nullopt;
    return finding(Level::wrong,
                   fmt::format("uid {}, mode {:04o}: others than root can get at who was logged in",
                               state.st_uid, state.st_mode & 07777U),
                   path.string(), fmt::format("chown root:root and chmod {:04o} it", mode));
}

Finding check_file(const fs::path& path) {
    struct stat state {};
    if (::lstat(path.c_str(), &state) != 0 && errno == ENOENT)
        return finding(Level::note, "no database yet: solod makes it when it starts", path.string());
    if (!S_ISREG(state.st_mode))
        return finding(Level::wrong, "the database is no file", path.string(),
                       "move it away and restart solod, which makes a new one");
    if (auto wrong = access_finding(path, state, 0600))
        return *std::move(wrong);
    const protocol::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    char beginning[magic.size()] = {};
    const auto count = ::read(fd.get(), beginning, sizeof beginning);
    if (count != 0 && (count < 0 || std::string_view{beginning, static_cast<std::size_t>(count)} != magic))
        return finding(Level::wrong, "the database is damaged: it does not begin as SQLite's files do",
                       path.string(), "restart solod, which moves it aside and goes on with what is alive");
    return finding(Level::ok, "the database looks like one", path.string());
}

} // namespace

Findings check_database(const fs::path& state_dir) {
    struct stat state {};
    if (::stat(state_dir.c_str(), &state) != 0)
        return {finding(Level::wrong, fmt::format("no directory for the database: {}", std::strerror(errno)),
                        state_dir.string(), "systemd-tmpfiles --create, or restart solod")};
    Findings findings;
    if (auto wrong = access_finding(state_dir, state, 0700))
        findings.push_back(*std::move(wrong));
    if (::access(state_dir.c_str(), R_OK | X_OK) != 0) {
        findings.push_back(finding(Level::unseen, "the database is for root to look at", state_dir.string()));
        return findings;
    }
    findings.push_back(check_file(state_dir / "sessions.db"));
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{state_dir, ignored}) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("sessions.db.damaged-") && !name.ends_with("-wal"))
            findings.push_back(finding(Level::warning, "a database was damaged and moved aside",
                                       entry.path().string(),
                                       "find out why (disk, journalctl -u solod), then keep or delete it"));
    }
    return findings;
}

} // namespace solo::ctl
