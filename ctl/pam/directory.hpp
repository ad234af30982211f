// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/pam/stack.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo::ctl {

/// Where libpam looks for services. Reads only.
class PamDirectory {
public:
    /// `root` stands before every path; tests have one of their own.
    explicit PamDirectory(std::filesystem::path root = "/");

    /// /etc/pam.d, where administrators' files are.
    [[nodiscard]] std::filesystem::path path() const { return root_ / "etc/pam.d"; }

    /// The names of the services in it, sorted; without what editors and packages leave behind.
    [[nodiscard]] std::vector<std::string> services() const;

    /// The file of /etc/pam.d, or else the vendor's of /usr/lib/pam.d. The error says why it cannot be read.
    [[nodiscard]] tl::expected<ServiceFile, std::string> read(const std::string& name) const;

    /// Whatever the service includes, as far as it can be read.
    [[nodiscard]] Included included_by(const ServiceFile& service) const;

private:
    void gather(const ServiceFile& file, Included& included) const;

    std::filesystem::path root_;
};

} // namespace solo::ctl
