// SPDX-License-Identifier: MIT
// Text of /etc/pam.d: what `soloctl enable` puts in, `soloctl disable` takes out, and nothing else changes.
//
// An input is the service's file; what follows a line "==common-auth" is the file of that name, which it may
// include.
#include "ctl/pam/placement.hpp"
#include "ctl/pam/stack.hpp"
#include "tests/fuzz/invariant.hpp"

#include <string>

using namespace solo::ctl;
using namespace solo::testing;

namespace {

/// Takes the text up to the next line that names a file.
std::string_view take_part(std::string_view& text) {
    const auto end = text.find("\n==");
    const auto part = text.substr(0, end == std::string_view::npos ? end : end + 1);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
    return part;
}

Included included_from(std::string_view text) {
    Included included;
    while (!text.empty()) {
        const auto part = take_part(text);
        const auto end = std::min(part.find('\n'), part.size());
        const std::string name{part.substr(0, end)};
        included.emplace(name,
                         ServiceFile{"/etc/pam.d/" + name, part.substr(std::min(end + 1, part.size()))});
    }
    return included;
}

ServiceFile service(std::string_view text) {
    return ServiceFile{"/etc/pam.d/sshd", text};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = text_of(data, size);
    const std::string text{take_part(rest)};
    const Included included = included_from(rest);
    const ServiceFile before = service(text);
    must(before.text() == text, "reading changes nothing");
    (void)included_solo(before, included);

    if (const auto without = without_solo(before, included)) {
        const ServiceFile bare = service(*without);
        must(solo_lines(bare).empty(), "disabled, it names the module nowhere");
        must(without_solo(bare, included) == *without, "disabling twice is disabling once");
        if (solo_lines(before).empty())
            must(*without == text, "what has no line of ours stays as it is");
    }
    if (const auto with = with_solo(before, included)) {
        const ServiceFile enabled = service(*with);
        must(solo_lines(enabled).size() == 2 && misplacements(enabled, included).empty(),
             "enabled, it has both lines, and in the right places");
        must(with_solo(enabled, included) == *with, "enabling twice is enabling once");
        if (solo_lines(before).empty())
            must(without_solo(enabled, included) == text, "disabling brings back what there was");
    }
    return 0;
}
