// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/pam/directory.hpp"
#include "ctl/pam/placement.hpp"
#include "protocol/module_options.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <grp.h>
#include <sys/stat.h>

namespace solo::ctl {

namespace {

using protocol::ModuleOptions;

ModuleOptions options_of(const PamLine& line) {
    const auto words = split_arguments(line.arguments);
    std::vector<const char*> arguments;
    for (const auto& word : words)
        arguments.push_back(word.c_str());
    return protocol::parse_module_options(arguments);
}

std::optional<Finding> group_finding(const std::string& group, const std::string& place) {
    if (group.empty())
        return std::nullopt;
    errno = 0;
    if (::getgrnam(group.c_str()) != nullptr)
        return std::nullopt;
    const bool is_missing = errno == 0 || errno == ENOENT; // getgrnam(3), "NOTES"
    return is_missing ? finding(Level::wrong,
                                fmt::format("break_glass={}: there is no such group, so nobody but root gets "
                                            "in while solod is down",
                                            group),
                                place, "groupadd it, or name another one there")
                      : finding(Level::unseen, fmt::format("break_glass={}: {}", group, std::strerror(errno)),
                                place);
}

/// The usual one is looked at by check_sockets.
std::optional<Finding> socket_finding(const std::filesystem::path& root, const std::string& socket,
                                      const std::string& place) {
    if (socket == ModuleOptions{}.socket)
        return std::nullopt;
    struct stat state {};
    if (::stat((root / socket.substr(1)).c_str(), &state) != 0) {
        const int error = errno;
        return finding(error == EACCES ? Level::unseen : Level::wrong,
                       fmt::format("socket={}: no socket: {}", socket, std::strerror(error)), place,
                       "take socket= out, or start solod with --runtime-dir of that directory");
    }
    if (!S_ISSOCK(state.st_mode))
        return finding(Level::wrong, fmt::format("socket={}: this is no socket", socket), place,
                       "take socket= out, or start solod with --runtime-dir of that directory");
    return std::nullopt;
}

} // namespace

Findings check_arguments(const std::filesystem::path& root) {
    const PamDirectory directory{root};
    Findings findings;
    const auto add = [&](std::optional<Finding> found) {
        if (found)
            findings.push_back(*std::move(found));
    };
    for (const auto& name : directory.services()) {
        const auto file = directory.read(name);
        if (!file) // check_services says so
            continue;
        for (const auto& line : solo_lines(*file)) {
            const auto place = file->place(line);
            const auto options = options_of(line);
            for (const auto& mistake : options.mistakes)
                add(finding(
                    Level::wrong,
                    fmt::format("the module does not understand \"{}\" and goes on without it", mistake),
                    place, "pam_solo(8) says which arguments there are"));
            add(group_finding(options.break_glass, place));
            add(socket_finding(root, options.socket, place));
        }
    }
    return findings;
}

} // namespace solo::ctl
