// SPDX-License-Identifier: MIT
#include "ctl/solod_program.hpp"

#include "ctl/child.hpp"
#include "ctl/problem.hpp"
#include "protocol/printable.hpp"

#include <sstream>

#include <fmt/format.h>

#include <unistd.h>

namespace solo::ctl {

std::filesystem::path find_solod() {
    std::error_code ignored;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const auto* const place : {"../sbin/solod", "../daemon/solod"}) {
        auto path = (here / place).lexically_normal();
        if (::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, ignored))
            return path;
    }
    return "/usr/sbin/solod";
}

namespace {

std::vector<ConfigValue> parse_config(const std::string& output) {
    std::vector<ConfigValue> values;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        auto value = parse_config_line(line);
        if (!value) {
            throw Problem{exit_no,
                          fmt::format("{} --check-config printed what is no setting: {}. Are soloctl "
                                      "(" SOLO_VERSION ") and solod of the same version?",
                                      protocol::printable(find_solod().string()), protocol::printable(line))};
        }
        values.push_back(*std::move(value));
    }
    return values;
}

} // namespace

std::optional<std::vector<ConfigValue>> read_config(const std::string& file) {
    std::vector<std::string> arguments{find_solod(), "--check-config"};
    if (!file.empty())
        arguments.insert(arguments.end(), {"--config", file});
    const auto result = run_child(arguments);
    if (!result.has_succeeded)
        return std::nullopt;
    return parse_config(result.output);
}

std::vector<std::string> words_of(const std::vector<ConfigValue>& values, std::string_view key) {
    std::vector<std::string> words;
    for (const auto& value : values) {
        std::istringstream text{value.key == key ? value.value : ""};
        for (std::string word; text >> word;)
            words.push_back(word);
    }
    return words;
}

} // namespace solo::ctl
