// SPDX-License-Identifier: MIT
#pragma once

#include "protocol/fields.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace solo::ctl {

/// ok; note: worth knowing; unseen: this user may not look; warning: may be meant so; wrong: is to be mended.
enum class Level { ok, note, unseen, warning, wrong };

constexpr auto enum_names(Level /*unused*/) {
    return std::to_array<std::string_view>({"ok", "note", "unseen", "warning", "wrong"});
}

/// What one look at the host has found. Its texts may hold foreign text; who shows them escapes it.
struct Finding {
    Level level = Level::ok;
    std::string text;                 ///< what is so
    std::optional<std::string> place; ///< file, or file and line
    std::optional<std::string> mend;  ///< what to do about it

    static constexpr auto fields() {
        using protocol::field;
        return std::tuple{field("level", &Finding::level), field("text", &Finding::text),
                          field("place", &Finding::place), field("mend", &Finding::mend)};
    }
};

using Findings = std::vector<Finding>;

inline Finding finding(Level level, std::string text, std::optional<std::string> place = {},
                       std::optional<std::string> mend = {}) {
    return {level, std::move(text), std::move(place), std::move(mend)};
}

} // namespace solo::ctl
