// SPDX-License-Identifier: MIT
#include "ctl/pam/service_file.hpp"

#include "ctl/pam/lines.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace solo::ctl {

namespace {

constexpr std::string_view blanks = " \t\r\f\v\n";
constexpr std::array<std::string_view, 4> type_names{"auth", "account", "password", "session"};

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string lower(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

/// Takes the next word off the text; "[...]" is one word. Nothing where there is none or its "]" is missing.
std::optional<std::string> next_word(std::string_view& text) {
    text = trimmed(text);
    if (text.empty())
        return std::nullopt;
    std::size_t end = std::min(text.find_first_of(blanks), text.size());
    if (text.front() == '[') {
        const auto bracket = text.find(']');
        if (bracket == std::string_view::npos)
            return std::nullopt;
        end = bracket + 1;
    }
    std::string word{text.substr(0, end)};
    text.remove_prefix(end);
    return word;
}

/// What stands before the type's "-" is not lost: it says only that a missing module is not to be logged.
std::optional<PamType> type_of(std::string_view word) {
    if (word.starts_with('-'))
        word.remove_prefix(1);
    const auto found = std::ranges::find(type_names, lower(word));
    if (found == type_names.end())
        return std::nullopt;
    return static_cast<PamType>(found - type_names.begin());
}

bool is_control(std::string_view word) {
    static constexpr std::array<std::string_view, 6> words{"required", "requisite", "sufficient",
                                                           "optional", "include",   "substack"};
    return word.starts_with('[') || std::ranges::find(words, word) != words.end();
}

void read_rule(PamLine& line, std::string_view text) {
    const auto type = next_word(text);
    const auto control = next_word(text);
    const auto module = next_word(text);
    line.type = type_of(type.value_or(""));
    line.control = control.value_or("").starts_with('[') ? *control : lower(control.value_or(""));
    line.module = module.value_or("");
    line.arguments = trimmed(text);
    if (line.type && module && is_control(line.control))
        line.kind = PamLine::Kind::rule;
}

void read_words(PamLine& line, std::string_view text) {
    auto rest = text;
    if (next_word(rest) != "@include")
        return read_rule(line, text);
    if (const auto file = next_word(rest)) {
        line.module = *file;
        line.kind = PamLine::Kind::at_include;
    }
}

/// One line of the file: what counts in it, and whether the next line belongs to it.
struct Piece {
    std::string_view text;
    bool goes_on = false;
    bool is_odd = false; ///< a person would read it otherwise than libpam
};

Piece piece_of(std::string_view line) {
    Piece piece{.text = line.substr(0, line.find('#'))};
    const auto text = trimmed(piece.text);
    piece.is_odd = line.find_first_of(std::string_view{"\r\0", 2}) != std::string_view::npos;
    if (text.ends_with('\\')) {
        const bool is_last = line.ends_with("\\\n");
        piece.goes_on = is_last;
        piece.is_odd = piece.is_odd || !is_last; // a blank or a comment follows the backslash
        piece.text = text.substr(0, text.size() - 1);
    }
    return piece;
}

} // namespace

std::string_view name_of(PamType type) {
    return type_names[static_cast<std::size_t>(type)];
}

std::vector<std::string> split_arguments(std::string_view arguments) {
    std::vector<std::string> words;
    for (auto rest = trimmed(arguments); !rest.empty(); rest = trimmed(rest)) {
        std::string word;
        std::size_t at = 0;
        if (rest.front() == '[') {
            for (at = 1; at < rest.size() && rest[at] != ']'; ++at) {
                if (rest.substr(at).starts_with("\\]"))
                    ++at;
                word += rest[at];
            }
            at = std::min(at + 1, rest.size());
        } else {
            at = std::min(rest.find_first_of(blanks), rest.size());
            word = rest.substr(0, at);
        }
        words.push_back(std::move(word));
        rest.remove_prefix(at);
    }
    return words;
}

bool PamLine::names(std::string_view module_name) const {
    return kind != Kind::at_include && !includes() &&
           std::string_view{module}.substr(module.rfind('/') + 1) == module_name;
}

ServiceFile::ServiceFile(std::string path, std::string_view text) : path_{std::move(path)} {
    for (const std::string_view line : split_lines(text))
        text_lines_.emplace_back(line);
    for (std::size_t i = 0; i < text_lines_.size();) {
        PamLine line;
        line.first = i;
        auto piece = piece_of(text_lines_[i++]);
        if (trimmed(piece.text).empty() && !piece.goes_on && !piece.is_odd)
            continue;
        std::string words{piece.text};
        bool is_odd = piece.is_odd;
        while (piece.goes_on && i < text_lines_.size()) {
            piece = piece_of(text_lines_[i++]);
            // libpam passes over an empty line or a comment here and goes on with the next.
            is_odd = is_odd || piece.is_odd || trimmed(piece.text).empty();
            words.append(" ").append(piece.text);
        }
        line.count = i - line.first;
        read_words(line, words);
        if (is_odd || piece.goes_on)
            line.kind = PamLine::Kind::faulty;
        lines_.push_back(std::move(line));
    }
}

std::string ServiceFile::text() const {
    std::string text;
    for (const auto& line : text_lines_)
        text += line;
    return text;
}

std::string ServiceFile::place(const PamLine& line) const {
    return path_ + ":" + std::to_string(line.number());
}

} // namespace solo::ctl
