// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace solo {

/// What each version of the database adds to the one before it; PRAGMA user_version counts them.
///
/// A session is written when it is granted and again when it changes. Ids are time-ordered, so that the table
/// grows at its end; the indexes are partial, so that a login touches small ones only. one_session_per_slot
/// is the promise itself: the database refuses a double grant; share is 0 but for sessions of one origin that
/// count as one. It also finds the sessions that are not ended; those without a slot (NULL) are never alike.
/// The checks are written out: for IN (...) SQLite makes a table of its own at each statement. gids has the
/// account's groups with blanks between them. expires and lease_lapses are microseconds of CLOCK_BOOTTIME,
/// lease_ttl is milliseconds, the other times are microseconds since the Unix epoch. account holds what is
/// remembered of an account beyond its sessions: that it is locked, and a superseding of which its person has
/// not been told.
inline constexpr std::array migrations{R"sql(
CREATE TABLE boot (
    number  INTEGER PRIMARY KEY,
    boot_id TEXT NOT NULL UNIQUE,
    host    TEXT NOT NULL
) STRICT;

CREATE TABLE session (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    boot          INTEGER NOT NULL REFERENCES boot (number),
    account       TEXT NOT NULL,
    uid           INTEGER,
    state         TEXT NOT NULL
                  CHECK (state = 'opening' OR state = 'active' OR state = 'ending' OR state = 'ended'),
    reason        TEXT CHECK (reason IS NOT NULL OR state = 'opening' OR state = 'active'),
    service       TEXT NOT NULL,
    tty           TEXT,
    rhost         TEXT,
    ruser         TEXT,
    leader_pid    INTEGER NOT NULL,
    leader_start  INTEGER NOT NULL,
    slot          INTEGER,
    opened        INTEGER NOT NULL,
    ended         INTEGER CHECK ((ended IS NOT NULL) = (state = 'ended')),
    superseded_by BLOB,
    nonce         TEXT NOT NULL,
    line_inode    INTEGER,
    audit_session INTEGER,
    logind_session TEXT,
    share         INTEGER NOT NULL,
    expires       INTEGER,
    gids          TEXT NOT NULL,
    lease_ttl     INTEGER,
    lease_opener  INTEGER CHECK ((lease_opener IS NULL) = (lease_ttl IS NULL)),
    lease_lapses  INTEGER CHECK ((lease_lapses IS NULL) = (lease_ttl IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    name       TEXT NOT NULL PRIMARY KEY,
    uid        INTEGER,
    locked     INTEGER,
    superseded INTEGER,
    by_service TEXT CHECK ((by_service IS NULL) = (superseded IS NULL)),
    by_tty     TEXT,
    by_rhost   TEXT,
    by_ruser   TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_session_per_slot ON session (account, slot, share) WHERE state <> 'ended';
CREATE INDEX history_of_account ON session (account, id) WHERE state = 'ended';
CREATE INDEX history_of_user ON session (uid, id) WHERE state = 'ended';
)sql"};

} // namespace solo
