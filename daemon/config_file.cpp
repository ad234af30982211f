// SPDX-License-Identifier: MIT
#include "daemon/config_file.hpp"

#include "protocol/printable.hpp"
#include "protocol/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include <fcntl.h>
#include <libeconf.h>
#include <libeconf_ext.h>
#include <sys/stat.h>

namespace solo {

namespace {

template<auto Free>
struct Freed {
    template<class T>
    void operator()(T* object) const {
        Free(object);
    }
};

using File = std::unique_ptr<econf_file, Freed<econf_freeFile>>;
using Names = std::unique_ptr<char*, Freed<econf_freeArray>>;
using Value = std::unique_ptr<econf_ext_value, Freed<econf_freeExtValue>>;

std::string folded(const std::string& text) {
    std::istringstream words{text};
    std::string result;
    for (std::string word; words >> word;)
        result += (result.empty() ? "" : " ") + word;
    return result;
}

/// Empty where root alone may change the file, else what is wrong.
std::string distrust(const std::string& path) {
    const protocol::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return fmt::format("{}: cannot be read: {}", path, std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fmt::format("{}: is no regular file", path);
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("{}: must belong to root and be writable by root alone", path);
    return {};
}

/// The lines at which a section begins that has begun before.
ConfigErrors repeated_sections(const std::string& path) {
    ConfigErrors errors;
    std::map<std::string, int> seen;
    std::ifstream file{path};
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        const auto begin = line.find_first_not_of(" \t");
        const auto end = line.find(']');
        if (begin == std::string::npos || line[begin] != '[' || end == std::string::npos)
            continue;
        const std::string section = folded(line.substr(begin + 1, end - begin - 1));
        const auto [first, is_new] = seen.try_emplace(section, number);
        if (!is_new)
            errors.push_back(fmt::format("{}:{}: section [{}] stands in line {} already; put its keys there",
                                         path, number, protocol::printable(section), first->second));
    }
    return errors;
}

ConfigErrors syntax_error(const std::string& path, econf_err error) {
    char* file = nullptr;
    std::uint64_t line = 0;
    econf_errLocation(&file, &line);
    std::free(file); // NOLINT: libeconf allocates it with malloc
    return {fmt::format("{}:{}: {}", path, line, econf_errString(error))};
}

ConfigLine line_of(const std::string& path, const char* section, const char* key,
                   const econf_ext_value& value) {
    ConfigLine line{.section = folded(section != nullptr ? section : ""),
                    .key = key,
                    .value = {},
                    .file = path,
                    .line = static_cast<int>(value.line_number)};
    for (char** text = value.values; text != nullptr && *text != nullptr; ++text)
        line.value += (line.value.empty() ? "" : " ") + std::string{*text};
    return line;
}

void read_section(econf_file* file, const std::string& path, const char* section,
                  std::vector<ConfigLine>& lines, ConfigErrors& errors) {
    char** found = nullptr;
    std::size_t count = 0;
    if (econf_getKeys(file, section, &count, &found) != ECONF_SUCCESS)
        return; // a section without keys
    const Names keys{found};
    std::set<std::string> seen;
    for (std::size_t i = 0; i < count; ++i) {
        econf_ext_value* raw = nullptr;
        if (econf_getExtValue(file, section, found[i], &raw) != ECONF_SUCCESS)
            continue;
        const Value value{raw};
        lines.push_back(line_of(path, section, found[i], *value));
        if (!seen.insert(found[i]).second)
            errors.push_back(fmt::format("{}: {} is set twice in [{}]", lines.back().where(),
                                         protocol::printable(found[i]), protocol::printable(section)));
    }
}

} // namespace

std::string ConfigLine::where() const {
    return fmt::format("{}:{}", file, line);
}

tl::expected<std::vector<ConfigLine>, ConfigErrors> read_config_file(const std::string& path) {
    if (std::string error = distrust(path); !error.empty())
        return tl::unexpected{ConfigErrors{std::move(error)}};
    econf_file* raw = nullptr;
    if (const econf_err error = econf_readFile(&raw, path.c_str(), "=", "#"); error != ECONF_SUCCESS)
        return tl::unexpected{syntax_error(path, error)};
    const File file{raw};

    ConfigErrors errors = repeated_sections(path);
    std::vector<ConfigLine> lines;
    read_section(file.get(), path, nullptr, lines, errors);
    char** groups = nullptr;
    std::size_t count = 0;
    if (econf_getGroups(file.get(), &count, &groups) == ECONF_SUCCESS) {
        const Names sections{groups};
        for (std::size_t i = 0; i < count; ++i)
            read_section(file.get(), path, groups[i], lines, errors);
    }
    if (!errors.empty())
        return tl::unexpected{std::move(errors)};
    return lines;
}

} // namespace solo
