# SPDX-License-Identifier: MIT
"""Waiting for what other processes do."""

import time


def wait_until(seconds, condition):
    """Polls until the condition holds, and returns what it gave; something false where it came too late."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.002)


def is_gone(pid):
    """There is no such process, or only its zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def is_idle(pid):
    """It waits in a system call: neither does it run nor is it stopped by its tracer."""
    for _ in range(4):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                if stat.read().rpartition(")")[2].split()[0] != "S":
                    return False
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.003)
    return True
