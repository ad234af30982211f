// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/module_file.hpp"

namespace solo::ctl {

Findings check_module(const std::filesystem::path& module) {
    if (auto fault = module_fault(module)) {
        return {finding(
            Level::wrong, *std::move(fault), {},
            "install it again (package libpam-solo, or make install); until then every login of a service "
            "with its lines fails: soloctl disable --all")};
    }
    return {finding(Level::ok, "the module can be loaded", module.string())};
}

} // namespace solo::ctl
