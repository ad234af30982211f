# SPDX-License-Identifier: MIT
"""The host that the bench makes for itself inside tests/support/sandbox: accounts, PAM services, utmp."""

import os
import re
import struct
from pathlib import Path

FIRST_UID = 6000
UNIT = Path(__file__).resolve().parents[3] / "conf/solod.service"


def must_be_private():
    if Path("/proc/sys/kernel/hostname").read_text().strip() != "solo-test":
        raise SystemExit("bench: only inside tests/support/sandbox")


def as_service(*command):
    """The command as systemd would run it in solod's place."""
    return "nice", "-n", re.search(r"^Nice=(.*)$", UNIT.read_text(), re.MULTILINE)[1], *command


def add_account(name, uid):
    with open("/etc/passwd", "a") as passwd:
        passwd.write(f"{name}:x:{uid}:100::/:/bin/sh\n")


def add_accounts(count):
    """Names of accounts that NSS knows."""
    names = [f"bench{number}" for number in range(count)]
    for number, name in enumerate(names):
        add_account(name, FIRST_UID + number)
    return names


def add_service(name, line):
    Path("/etc/pam.d", name).write_text(f"auth required pam_permit.so\nsession {line}\n")
    return name


def write_utmp(path, count):
    """So many logins of other people (utmp(5): struct utmp has 384 bytes on x86-64)."""
    records = bytearray()
    for number in range(count):
        record = struct.pack("<hxxi32s4s32s256s", 7, os.getpid(), f"pts/{number}".encode(), b"%d" % (number % 9999),
                             f"user{number}".encode(), b"10.0.0.5")
        records += record.ljust(384, b"\0")
    Path(path).write_bytes(records)
    return path


def place(process, processors):
    """The process, its threads and what it starts run on these processors only."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        os.sched_setaffinity(int(thread), processors)


def with_utmp(path, *command):
    """The command in a mount namespace of its own, where utmp is this file."""
    return ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /run/utmp && exec "$@"', path, *command)
