// SPDX-License-Identifier: MIT
#include "ctl/pam/directory.hpp"

#include "ctl/file_text.hpp"

#include <algorithm>

namespace solo::ctl {

namespace fs = std::filesystem;

namespace {

/// No service is called so: editors and packages leave these behind.
bool is_left_over(const std::string& name) {
    return name.starts_with('.') || name.ends_with('~') || name.find(".dpkg-") != std::string::npos ||
           name.find(".rpm") != std::string::npos || name.ends_with(".bak");
}

} // namespace

PamDirectory::PamDirectory(fs::path root) : root_{std::move(root)} {}

std::vector<std::string> PamDirectory::services() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator{path(), ignored}) {
        auto name = entry.path().filename().string();
        if (!is_left_over(name) && entry.is_regular_file(ignored))
            names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
}

tl::expected<ServiceFile, std::string> PamDirectory::read(const std::string& name) const {
    if (name.starts_with('/')) {
        const auto text = read_file(root_ / name.substr(1));
        return text.map([&](const FileText& file) { return ServiceFile{name, file.text}; });
    }
    const auto here = path() / name;
    const auto vendor = root_ / "usr/lib/pam.d" / name;
    std::error_code ignored;
    const auto& file = fs::exists(here, ignored) || !fs::exists(vendor, ignored) ? here : vendor;
    const auto text = read_file(file);
    const auto shown = "/" + file.lexically_relative(root_).string();
    return text.map([&](const FileText& found) { return ServiceFile{shown, found.text}; });
}

Included PamDirectory::included_by(const ServiceFile& service) const {
    Included included;
    gather(service, included);
    return included;
}

void PamDirectory::gather(const ServiceFile& file, Included& included) const {
    for (const auto& line : file.lines()) {
        const bool includes = line.kind == PamLine::Kind::at_include || line.includes();
        if (!includes || included.contains(line.module))
            continue;
        if (auto found = read(line.module)) {
            const auto place = included.emplace(line.module, *std::move(found)).first;
            gather(place->second, included);
        }
    }
}

} // namespace solo::ctl
