// SPDX-License-Identifier: MIT
// Where Solo's two lines belong in a service's file (docs/configuration.md, "The PAM lines"). The account
// line stands before whatever may end the phase with success, most of all common-account. The session line
// stands after pam_loginuid and before pam_systemd, which comes by common-session.
#pragma once

#include "ctl/pam/stack.hpp"

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace solo::ctl {

inline constexpr std::string_view solo_module = "pam_solo.so";

/// What is wrong with the lines that a service has.
struct Misplacement {
    enum class Kind {
        missing,       ///< the other phase has one
        doubled,       ///< more than one, or an included one as well: then that one's place
        wrong_control, ///< not requisite
        too_late,      ///< after what may end the phase, or after pam_systemd
        too_early,     ///< before pam_loginuid
        not_understood ///< what libpam would make of the file
    };

    Kind kind = Kind::missing;
    PamType type = PamType::account;
    std::string place; ///< file and line
    std::string text;  ///< a sentence without its point
};

/// What is wrong; nothing where the lines that belong there are there and right, and where there is none at
/// all.
std::vector<Misplacement> misplacements(const ServiceFile& service, const Included& included);

/// Whether a file of this name is for others to include, or for services without a file: a screen locker and
/// sudo would run our lines as well.
bool is_shared(std::string_view name);

/// Whether the service runs account again for somebody who is logged in and comes back to a locked screen
/// (gdm's unlock; lightdm's greeter: docs/matrix.md), whom an account line would refuse there. Such a file is
/// right with the session line alone.
bool asks_account_again(const ServiceFile& service);

/// The lines of the service's own file that name the module.
std::vector<PamLine> solo_lines(const ServiceFile& service);

/// The first place where what the service includes names it; nothing where it does not.
std::optional<std::string> included_solo(const ServiceFile& service, const Included& included);

/// The file's text with the lines that belong there, each with the arguments that it had. The same text where
/// nothing is wrong. The error says why the file is left alone.
tl::expected<std::string, std::string> with_solo(const ServiceFile& service, const Included& included);

/// The file's text without them. The error says why a line cannot be taken out without harm.
tl::expected<std::string, std::string> without_solo(const ServiceFile& service, const Included& included);

} // namespace solo::ctl
