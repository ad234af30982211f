// SPDX-License-Identifier: MIT
// A reader of varlink interface files, as far as this project's use them (varlink.org, "Interface
// Definition").
#pragma once

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace solo::testing {

struct VarlinkFile {
    std::string interface;
    /// "type X", "method X" or "error X" and its fields, with named types spelled out.
    std::map<std::string, std::string> entries;
};

/// Recursive descent over the text. A named type must stand before its first use, which makes one pass
/// enough.
class VarlinkParser {
public:
    explicit VarlinkParser(std::string_view text) : rest_{text} {}

    VarlinkFile parse() {
        VarlinkFile file;
        expect("interface");
        file.interface = word();
        while (skip_space(), !rest_.empty()) {
            const auto kind = word();
            const auto name = word();
            auto text = type();
            if (kind == "method") {
                expect("->");
                text += " -> " + type();
            } else if (kind == "type") {
                named_[name] = text;
            } else if (kind != "error") {
                throw std::runtime_error{"no member of an interface: " + kind};
            }
            if (!file.entries.emplace(std::string{kind}.append(" ").append(name), text).second)
                throw std::runtime_error{"twice in the file: " + name};
        }
        return file;
    }

private:
    void skip_space() {
        while (!rest_.empty()) {
            if (rest_.front() == '#') {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
            } else if (std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
                rest_.remove_prefix(1);
            } else {
                return;
            }
        }
    }

    bool accept(std::string_view token) {
        skip_space();
        if (!rest_.starts_with(token))
            return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    void expect(std::string_view token) {
        if (!accept(token)) {
            throw std::runtime_error{"expected " + std::string{token} + " before " +
                                     std::string{rest_.substr(0, 20)}};
        }
    }

    std::string word() {
        skip_space();
        std::size_t length = 0;
        while (length < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[length])) != 0 ||
                                         rest_[length] == '_' || rest_[length] == '.'))
            ++length;
        if (length == 0)
            throw std::runtime_error{"expected a name before " + std::string{rest_.substr(0, 20)}};
        std::string found{rest_.substr(0, length)};
        rest_.remove_prefix(length);
        return found;
    }

    std::string type() { // NOLINT(misc-no-recursion): types nest
        if (accept("?"))
            return "?" + type();
        if (accept("[]"))
            return "[]" + type();
        if (accept("("))
            return fields();
        auto name = word();
        if (name == "string" || name == "int" || name == "bool")
            return name;
        const auto found = named_.find(name);
        if (found == named_.end())
            throw std::runtime_error{"no such type: " + name};
        return found->second;
    }

    /// What stands between brackets: the fields of a struct, or the names of an enumeration.
    std::string fields() { // NOLINT(misc-no-recursion): types nest
        std::string text = "(";
        while (!accept(")")) {
            if (text.size() > 1) {
                expect(",");
                text += ", ";
            }
            text += word();
            if (accept(":"))
                text += ": " + type();
        }
        return text + ")";
    }

    std::string_view rest_;
    std::map<std::string, std::string> named_;
};

inline VarlinkFile parse_varlink(std::string_view text) {
    return VarlinkParser{text}.parse();
}

} // namespace solo::testing
