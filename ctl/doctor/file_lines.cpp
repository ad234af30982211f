// SPDX-License-Identifier: MIT
#include "ctl/doctor/file_lines.hpp"

#include "ctl/file_text.hpp"

#include <algorithm>
#include <sstream>

namespace solo::ctl {

namespace fs = std::filesystem;

std::vector<FileLine> lines_of(const fs::path& file, const std::string& shown) {
    std::vector<FileLine> found;
    const auto text = read_file(file);
    std::istringstream lines{text ? text->text : ""};
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line.substr(0, line.find('#'))};
        FileLine entry{.place = shown + ":" + std::to_string(++number), .words = {}};
        for (std::string word; words >> word;)
            entry.words.push_back(word);
        if (!entry.words.empty())
            found.push_back(std::move(entry));
    }
    return found;
}

std::vector<fs::path> files_in(const fs::path& directory, const std::string& ending) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{directory, ignored}) {
        if (entry.path().string().ends_with(ending))
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

} // namespace solo::ctl
