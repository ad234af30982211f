// SPDX-License-Identifier: MIT
#include "daemon/config_file.hpp"

#include "protocol/printable.hpp"
#include "protocol/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

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

/// The lines that libeconf would read as something else than what they say: of a line with a NUL it sees the
/// beginning, and one longer than its buffer of BUFSIZ bytes it takes for several.
ConfigErrors unreadable_lines(const std::string& path) {
    ConfigErrors errors;
    std::ifstream file{path, std::ios::binary};
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.size() > BUFSIZ - 2 || line.find('\0') != std::string::npos)
            errors.push_back(fmt::format("{}:{}: the line is too long or holds a NUL", path, number));
    }
    return errors;
}

/// A key as it stands in a file.
struct KeyLine {
    std::string section; ///< as written between the brackets; empty before the first section
    std::string key;
    int line = 0;
};

/// Finds the lines of a file that libeconf has read without an error on which a key stands. econf_getKeys()
/// cannot be asked: it leaves out a key whose name is that of the key before it, also where a section begins
/// in between (libeconf 0.5.1), and it says nothing of a key without a name.
class KeyFinder {
public:
    KeyFinder(std::string path, ConfigErrors& errors) : path_{std::move(path)}, errors_{errors} {}

    std::vector<KeyLine> find() {
        std::ifstream file{path_, std::ios::binary};
        for (std::string text; std::getline(file, text);) {
            ++line_;
            read(text);
        }
        return std::move(keys_);
    }

private:
    void read(std::string_view text) {
        text = trimmed(text.substr(0, text.find('#')));
        if (text.empty())
            return;
        if (text.front() == '[')
            return begin_section(text);
        const auto delimiter = text.find('=');
        if (delimiter != std::string_view::npos)
            return read_key(trimmed(text.substr(0, delimiter)));
        if (last_of_value_ + 1 == line_)
            last_of_value_ = line_;
        else
            complain(fmt::format("{} has no value; write KEY=VALUE", protocol::printable(text)));
    }

    void begin_section(std::string_view text) {
        section_ = text.substr(1, text.size() - 2);
        const auto [first, is_new] = sections_.try_emplace(folded(section_), line_);
        if (!is_new)
            complain(fmt::format("section [{}] stands in line {} already; put its keys there",
                                 protocol::printable(first->first), first->second));
    }

    void read_key(std::string_view key) {
        if (key.empty())
            return complain("no key stands before the =");
        last_of_value_ = line_;
        if (seen_.emplace(folded(section_), key).second)
            keys_.push_back({section_, std::string{key}, line_});
        else
            complain(fmt::format("{} is set twice in [{}]", protocol::printable(key),
                                 protocol::printable(folded(section_))));
    }

    void complain(const std::string& problem) {
        errors_.push_back(fmt::format("{}:{}: {}", path_, line_, problem));
    }

    static std::string_view trimmed(std::string_view text) {
        constexpr std::string_view blanks = " \t\r\v\f";
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        return text.substr(0, text.find_last_not_of(blanks) + 1);
    }

    std::string path_;
    ConfigErrors& errors_;
    int line_ = 0;
    int last_of_value_ = -1; ///< the last line of the last value: what follows may continue it
    std::string section_;
    std::map<std::string, int> sections_;
    std::set<std::pair<std::string, std::string>> seen_;
    std::vector<KeyLine> keys_;
};

ConfigErrors syntax_error(const std::string& path, econf_err error) {
    char* file = nullptr;
    std::uint64_t line = 0;
    econf_errLocation(&file, &line);
    std::free(file); // NOLINT: libeconf allocates it with malloc
    return {fmt::format("{}:{}: {}", path, line, econf_errString(error))};
}

std::string text_of(const econf_ext_value& value) {
    std::string text;
    for (char** part = value.values; part != nullptr && *part != nullptr; ++part)
        text += (text.empty() ? "" : " ") + std::string{*part};
    return text;
}

} // namespace

std::string ConfigLine::where() const {
    return fmt::format("{}:{}", file, line);
}

tl::expected<std::vector<ConfigLine>, ConfigErrors> read_config_file(const std::string& path) {
    if (std::string error = distrust(path); !error.empty())
        return tl::unexpected{ConfigErrors{std::move(error)}};
    if (ConfigErrors errors = unreadable_lines(path); !errors.empty())
        return tl::unexpected{std::move(errors)};
    econf_file* raw = nullptr;
    if (const econf_err error = econf_readFile(&raw, path.c_str(), "=", "#"); error != ECONF_SUCCESS)
        return tl::unexpected{syntax_error(path, error)};
    const File file{raw};

    ConfigErrors errors;
    std::vector<ConfigLine> lines;
    for (const auto& [section, key, number] : KeyFinder{path, errors}.find()) {
        econf_ext_value* found = nullptr;
        const char* const group = section.empty() ? nullptr : section.c_str();
        const econf_err error = econf_getExtValue(file.get(), group, key.c_str(), &found);
        const Value value{found};
        if (error == ECONF_SUCCESS)
            lines.push_back({folded(section), key, text_of(*value), path, number});
        else
            errors.push_back(fmt::format("{}:{}: {}", path, number, econf_errString(error)));
    }
    if (!errors.empty())
        return tl::unexpected{std::move(errors)};
    return lines;
}

} // namespace solo
