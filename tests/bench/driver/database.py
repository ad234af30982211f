# SPDX-License-Identifier: MIT
"""Fills the database of a solod that does not run, by SQL: millions of rows in seconds."""

import hashlib
import os
import sqlite3
import struct
import time

DAY = 86_400_000_000  # microseconds

HISTORY = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO session (id, boot, account, uid, state, reason, service, tty, rhost, leader_pid, leader_start, slot, opened,
                     ended, nonce, share, gids)
SELECT uuid7(:begin + i * :step, i), :boot, 'person' || (i % 5000), 20000 + i % 5000, 'ended', 'logout', 'sshd', 'ssh',
       '10.0.' || (i % 250) || '.7', 1000 + i % 4000000, 5000 + i, 0, :begin + i * :step, :begin + i * :step + 1000000,
       printf('%032x', i), 0, '100 27'
FROM n
"""

# Leases of accounts that NSS does not know, for a day from now on.
LEASES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO session (id, boot, account, state, service, rhost, leader_pid, leader_start, slot, opened, nonce, share, gids,
                     lease_ttl, lease_opener, lease_lapses)
SELECT uuid7(:begin + i * :step, i), :boot, 'member' || i, 'active', 'web', '10.0.' || (i % 250) || '.7', 0, 0, 0,
       :begin + i * :step, '', 0, '', 86400000, 0, :lapses + i
FROM n
"""

# Sessions of one process that lives.
LOGINS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO session (id, boot, account, uid, state, service, tty, rhost, leader_pid, leader_start, slot, opened, nonce,
                     share, gids)
SELECT uuid7(:begin + i * :step, i), :boot, 'person' || i, 20000 + i, 'active', 'sshd', 'ssh', '10.0.' || (i % 250) || '.7',
       :pid, :start, 0, :begin + i * :step, printf('%032x', i), 0, '100 27'
FROM n
"""


def uuid7(microseconds, number):
    """A session id of that time (RFC 9562)."""
    random = struct.unpack("<2Q", hashlib.md5(struct.pack("<Q", number)).digest())
    return struct.pack(">Q", microseconds // 1000)[2:] + struct.pack(
        ">HQ", 0x7000 | random[0] & 0xFFF, 0x8000000000000000 | random[1] >> 2)


def start_time(pid):
    """In ticks since boot (proc(5), stat, field 22)."""
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


def boot_time():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


class Database:
    """Indexes are made anew at the end, which is much faster than to keep them."""

    def __init__(self, path):
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.create_function("uuid7", 2, uuid7, deterministic=True)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.indexes = self.connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _ in self.indexes:
            self.connection.execute(f"DROP INDEX {name}")

    def fill(self, statement, count, begin, end, **more):
        """So many rows, opened evenly over that time (days ago)."""
        if count == 0:
            return
        now = int(time.time() * 1_000_000)
        self.connection.execute(statement, {
            "count": count, "boot": self.connection.execute("SELECT max(number) FROM boot").fetchone()[0],
            "begin": now - int(begin * DAY), "step": max(1, int((begin - end) * DAY) // count),
            "lapses": boot_time() + DAY, **more})

    def close(self):
        for _, sql in self.indexes:
            self.connection.execute(sql)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.close()


def fill(solod, history=0, leases=0, logins=0, history_days=(80, 2)):
    """A new database with so many rows of each kind."""
    solod.start()
    solod.stop()
    database = Database(solod.database)
    database.fill(HISTORY, history, *history_days)
    database.fill(LEASES, leases, 0.5, 0.1)
    database.fill(LOGINS, logins, 0.5, 0.1, pid=os.getpid(), start=start_time(os.getpid()))
    database.close()

