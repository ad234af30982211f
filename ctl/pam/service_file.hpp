// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace solo::ctl {

enum class PamType { auth, account, password, session };

std::string_view name_of(PamType type);

/// What libpam takes for one line: it may go over several lines of the file (a backslash at the end).
struct PamLine {
    enum class Kind {
        rule,       ///< "account requisite pam_nologin.so", also "account include other-file"
        at_include, ///< "@include common-account", Debian's own; `module` is the file
        faulty,     ///< libpam does not understand it, or not as a person would
    };

    Kind kind = Kind::faulty;
    std::size_t first = 0; ///< index of its first line in the file
    std::size_t count = 1; ///< how many lines of the file it takes
    std::optional<PamType> type;
    std::string control; ///< "requisite" in lower case, "[success=1 default=ignore]" as it stands
    std::string module;  ///< its path, or what is included
    std::string arguments;

    /// The number that an editor shows.
    [[nodiscard]] std::size_t number() const { return first + 1; }

    /// Whether it includes a file's lines of its type.
    [[nodiscard]] bool includes() const {
        return kind == Kind::rule && (control == "include" || control == "substack");
    }

    /// Whether its module is this one, by whatever path.
    [[nodiscard]] bool names(std::string_view module_name) const;
};

/// A line's arguments one by one, as libpam gives them to the module: "[...]" is one, with blanks in it
/// (_pam_StrTok in libpam's pam_misc.c).
std::vector<std::string> split_arguments(std::string_view arguments);

/// A file of /etc/pam.d as text, read as libpam's pam_handlers.c reads it; nothing but lines, no I/O.
class ServiceFile {
public:
    ServiceFile(std::string path, std::string_view text);

    /// Where it is, for messages.
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Without those that are empty or a comment.
    [[nodiscard]] const std::vector<PamLine>& lines() const { return lines_; }

    /// Its lines as they stand, each with its end.
    [[nodiscard]] const std::vector<std::string>& text_lines() const { return text_lines_; }

    [[nodiscard]] std::string text() const;

    /// "/etc/pam.d/sshd:12".
    [[nodiscard]] std::string place(const PamLine& line) const;

private:
    std::string path_;
    std::vector<std::string> text_lines_;
    std::vector<PamLine> lines_;
};

} // namespace solo::ctl
