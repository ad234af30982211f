// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/file_text.hpp"
#include "ctl/options.hpp"
#include "ctl/pam/directory.hpp"
#include "protocol/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace solo::ctl {

/// A service's file that is to be changed.
struct ServiceEdit {
    std::string service;
    std::filesystem::path path; ///< what is written: a link's target
    FileText before;
    std::string after;

    [[nodiscard]] bool changes() const { return after != before.text; }
};

/// Lets one soloctl at a time edit /etc/pam.d. Waits for the other; held until it goes.
class PamLock {
public:
    PamLock();

private:
    protocol::UniqueFd directory_;
};

/// Throws unless root runs this; `command` is what they might try.
void require_root(const std::string& command);

/// The file of /etc/pam.d that the name means; `after` is as before. Throws where there is none or where it
/// is not to be edited.
ServiceEdit open_service(const std::string& service);

/// Adds one to others; not where the file is among them, under the same name or by a link.
void add_edit(std::vector<ServiceEdit>& edits, ServiceEdit edit);

/// Makes the change. Throws where it fails; the file is then as it was.
void apply(const ServiceEdit& edit);

/// Keeps `text` as what the service was without Solo: /var/lib/solo/pam.d/SERVICE.
void keep_backup(const ServiceEdit& edit, const std::string& text);

/// The change as text, or with --json each as an object; "NAME: `nothing`" for one that changes nothing.
void print_edits(const Options& options, const std::vector<ServiceEdit>& edits, const std::string& nothing);

} // namespace solo::ctl
