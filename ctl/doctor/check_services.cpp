// SPDX-License-Identifier: MIT
#include "ctl/doctor/checks.hpp"
#include "ctl/pam/directory.hpp"
#include "ctl/pam/placement.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace solo::ctl {

namespace {

/// A file that many include has our line: every service that includes it runs it, screen lockers among them.
Finding shared_finding(const ServiceFile& file, const std::string& name) {
    const auto place = file.place(solo_lines(file).front());
    if (name.starts_with("common-session")) {
        return finding(
            Level::warning,
            "the session line is in a file that many services include, so a refusal is not "
            "explained, and each of them counts that is not in IgnoreServices",
            place, "pam-auth-update --remove solo, then soloctl enable the services that people log in by");
    }
    return finding(Level::wrong,
                   "the module is in a file that many services include: screen lockers and sudo run it "
                   "as well",
                   place,
                   "take the line out there (pam-auth-update --remove solo, or by hand) and soloctl enable "
                   "the services that people log in by");
}

/// What mends a service's lines.
std::string mend_of(const ServiceFile& file, const Included& included, const std::string& name) {
    const auto text = with_solo(file, included);
    return text ? fmt::format("soloctl enable {} puts it right", name) : text.error();
}

void check_service(const PamDirectory& directory, const ServiceFile& file, const std::string& name,
                   Findings& findings) {
    const auto included = directory.included_by(file);
    const auto wrong = misplacements(file, included);
    for (const auto& mistake : wrong)
        findings.push_back(finding(Level::wrong, mistake.text, mistake.place, mend_of(file, included, name)));
    if (wrong.empty())
        findings.push_back(finding(Level::ok, name + " asks solod", file.path()));
}

} // namespace

Findings check_services(const std::filesystem::path& root, const std::vector<std::string>& ignored) {
    const PamDirectory directory{root};
    Findings findings;
    bool is_any_wired = false;
    for (const auto& name : directory.services()) {
        const auto file = directory.read(name);
        if (!file) {
            findings.push_back(finding(Level::unseen, file.error()));
            continue;
        }
        if (solo_lines(*file).empty())
            continue;
        is_any_wired = true;
        if (is_shared(name)) {
            findings.push_back(shared_finding(*file, name));
        } else if (std::ranges::find(ignored, name) != ignored.end()) {
            findings.push_back(
                finding(Level::note,
                        name + " is in IgnoreServices: its lines count only for services that include it",
                        file->path()));
        } else {
            check_service(directory, *file, name, findings);
        }
    }
    if (!is_any_wired)
        findings.push_back(finding(Level::wrong, "no service asks solod, so nobody is limited", "/etc/pam.d",
                                   "soloctl enable sshd login, or whatever people log in by"));
    return findings;
}

} // namespace solo::ctl
