// SPDX-License-Identifier: MIT
// Ended sessions in a database on a disk that can be taken away, for tests of what is done about them.
#pragma once

#include "daemon/store.hpp"
#include "tests/unit/sessions.hpp"
#include "tests/unit/temp_dir.hpp"

#include <filesystem>
#include <vector>

namespace solo::testing {

struct HistoryOnDisk {
    HistoryOnDisk() { std::filesystem::create_directory(directory.path("disk")); }

    /// Sessions with these numbers have ended, in this century's first years.
    void record(int first, int last) {
        std::vector<Session> sessions;
        for (int number = first; number <= last; ++number)
            sessions.push_back(over(session_of(number)));
        must(store.save(sessions));
    }

    TempDir directory;
    Store store{directory.path("disk/sessions.db"), Durability::interval, "boot", "host"};
};

} // namespace solo::testing
