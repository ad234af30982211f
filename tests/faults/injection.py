# SPDX-License-Identifier: MIT
"""System calls of a process, counted, or made to fail or to kill it, by strace(1)."""

import collections
import os
import re
import signal
import subprocess

from waiting import is_gone, wait_until

_call = re.compile(r"^(\d+) +(\w+)\(")


class Injection:
    """What strace is told: a call, which one of it (each thread counts its own), and what it gives."""

    def __init__(self, call, number, effect, for_ever=False):
        self.call = call
        self.options = ["-e", f"trace={call}",
                        "-e", f"inject={call}:{effect}:when={number}{'+' if for_ever else ''}"]
        self.text = f"{call} {number}{' and later' if for_ever else ''}: {effect}"


COUNTING = ["-e", "trace=all"]


class Tracer:
    """strace on a process that runs already; it is as before when this is closed."""

    def __init__(self, pid, options, output):
        self.output = output
        errors = output + ".err"
        with open(errors, "wb") as said:
            self.process = subprocess.Popen(["strace", "-f", "-o", output, *options, "-p", str(pid)],
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        assert wait_until(10, lambda: b"attached" in _read(errors)), _read(errors)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def prefix(options, output):
    """To be put before a command: strace follows it from its first call on, as a grandchild of ours."""
    # Without -I it would not let itself be ended.
    return ["strace", "-D", "-I", "2", "-f", "-o", output, *options]


def release(pid):
    """Ends what prefix() has begun; the process goes on without."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            tracer = int(re.search(r"TracerPid:\s+(\d+)", status.read())[1])
    except (FileNotFoundError, ProcessLookupError):
        return
    if tracer:
        os.kill(tracer, signal.SIGTERM)
        assert wait_until(10, lambda: is_gone(tracer)), "strace does not end"


def has_fired(output):
    """A call was made to fail."""
    return b"(INJECTED" in _read(output)


def count_calls(output, begin=None):
    """Name to the number of such calls, the most that one thread has made: those before the first call that
    mentions the text `begin`, and all."""
    before = collections.Counter()
    counts = collections.Counter()
    has_begun = begin is None
    with open(output, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            call = _call.match(line)
            if not call:
                continue
            if not has_begun and begin in line and call[2] != "execve":
                has_begun = True
            counts[call[1], call[2]] += 1
            if not has_begun:
                before[call[2]] += 1
    most = collections.Counter()
    for (_, name), count in counts.items():
        most[name] = max(most[name], count)
    return before, most


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
