// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/table.hpp"
#include "protocol/sessions_messages.hpp"

#include <deque>
#include <string>

namespace solo::ctl {

/// Sessions as a table that fits the terminal, "No sessions." where there is none. The one with the id `own`
/// has a star, in a column that is there only where it is.
class SessionTable {
public:
    explicit SessionTable(std::string own);

    void add(const protocol::Session& session);
    void print();

private:
    std::string own_;
    Table table_;
};

/// The same with why and when each is over. The session that has superseded it is named where it is one of
/// the next 1000.
class HistoryTable {
public:
    HistoryTable();

    void add(protocol::Session session);
    void print();

private:
    void add_oldest();

    std::deque<protocol::Session> later_; ///< not yet in the table
    Table table_;
};

/// "from 10.0.0.5 (sshd) since 10:02:26", as the end of a sentence.
std::string since_text(const protocol::Session& session);

/// All that is known of one session, a line a field.
std::string session_details(const protocol::Session& session);

} // namespace solo::ctl
