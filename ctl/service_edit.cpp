// SPDX-License-Identifier: MIT
#include "ctl/service_edit.hpp"

#include "ctl/output.hpp"
#include "ctl/pam/unified_diff.hpp"
#include "ctl/problem.hpp"
#include "protocol/codec.hpp"
#include "protocol/fields.hpp"
#include "protocol/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace solo::ctl {

namespace fs = std::filesystem;
using protocol::printable;

namespace {

constexpr const char* pam_directory = "/etc/pam.d";
constexpr const char* backup_directory = "/var/lib/solo/pam.d";

[[noreturn]] void refuse(const std::string& text) {
    throw Problem{exit_no, printable(text)};
}

/// Says where else the service may be; never returns.
[[noreturn]] void refuse_missing(const std::string& service, const fs::path& path) {
    std::error_code ignored;
    if (fs::exists(fs::path{"/usr/lib/pam.d"} / service, ignored)) {
        refuse(fmt::format("{} is missing: the service has /usr/lib/pam.d/{}. Copy that to /etc/pam.d first",
                           path.string(), service));
    }
    refuse(
        fmt::format("{} is missing. Perhaps the service has another name, or uses {}/other; it wants a file "
                    "of its own",
                    path.string(), pam_directory));
}

/// What a link leads to, in the same directory.
fs::path target_of(const fs::path& path) {
    std::error_code error;
    const auto target = fs::canonical(path, error);
    if (error)
        refuse(fmt::format("{} leads nowhere: {}", path.string(), error.message()));
    if (target.parent_path() != fs::canonical(pam_directory, error))
        refuse(fmt::format("{} is a link to {}, out of {}. Change it where it is made", path.string(),
                           target.string(), pam_directory));
    return target;
}

void make_directory(const fs::path& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        refuse(fmt::format("cannot make {}: {}", path.string(), std::strerror(errno)));
}

/// A change as --json prints it.
struct EditReport {
    std::string service;
    std::string file;
    bool changed = false;
    std::string diff;

    static constexpr auto fields() {
        using protocol::field;
        return std::tuple{field("service", &EditReport::service), field("file", &EditReport::file),
                          field("changed", &EditReport::changed), field("diff", &EditReport::diff)};
    }
};

/// A diff may hold whatever the file holds; its lines are kept.
std::string printable_lines(const std::string& text) {
    std::string out;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line); out += '\n') {
        for (std::size_t begin = 0; begin <= line.size();) { // tabs are what such files are aligned with
            const auto end = std::min(line.find('\t', begin), line.size());
            out += printable(line.substr(begin, end - begin));
            if (end < line.size())
                out += '\t';
            begin = end + 1;
        }
    }
    return out;
}

} // namespace

PamLock::PamLock() : directory_{::open(pam_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {
    int locked = directory_ ? ::flock(directory_.get(), LOCK_EX) : -1;
    while (locked != 0 && directory_ && errno == EINTR)
        locked = ::flock(directory_.get(), LOCK_EX);
    if (locked != 0)
        refuse(fmt::format("cannot lock {}: {}", pam_directory, std::strerror(errno)));
}

void require_root(const std::string& command) {
    if (::geteuid() != 0)
        refuse(fmt::format("only root may change {}. Try: sudo {}", pam_directory, command));
}

ServiceEdit open_service(const std::string& service) {
    if (service.find('/') != std::string::npos || service.starts_with('.'))
        refuse(fmt::format("{} is no service: it is the name of a file in {}", service, pam_directory));
    const auto path = fs::path{pam_directory} / service;
    struct stat state {};
    if (::lstat(path.c_str(), &state) != 0)
        refuse_missing(service, path);
    ServiceEdit edit;
    edit.service = service;
    edit.path = S_ISLNK(state.st_mode) ? target_of(path) : path;
    auto text = read_file(edit.path);
    if (!text)
        refuse(text.error());
    edit.before = *std::move(text);
    edit.after = edit.before.text;
    return edit;
}

void add_edit(std::vector<ServiceEdit>& edits, ServiceEdit edit) {
    if (std::ranges::find(edits, edit.path, &ServiceEdit::path) == edits.end())
        edits.push_back(std::move(edit));
}

void apply(const ServiceEdit& edit) {
    if (auto done = replace_file(edit.path, edit.after, edit.before); !done)
        refuse(done.error());
}

void keep_backup(const ServiceEdit& edit, const std::string& text) {
    make_directory(fs::path{backup_directory}.parent_path());
    make_directory(backup_directory);
    if (auto done = write_copy(backup_directory / edit.path.filename(), text, edit.before); !done)
        refuse(done.error());
}

void print_edits(const Options& options, const std::vector<ServiceEdit>& edits, const std::string& nothing) {
    std::vector<EditReport> reports;
    std::string text;
    for (const auto& edit : edits) {
        const auto diff = unified_diff(edit.path.string(), edit.before.text, edit.after);
        reports.push_back({edit.service, edit.path.string(), edit.changes(), diff});
        text += edit.changes() ? printable_lines(diff)
                               : fmt::format("{}: {}.\n", printable(edit.service), nothing);
    }
    if (options.json) {
        print_json(protocol::to_json(reports));
    } else {
        print(text);
    }
}

} // namespace solo::ctl
