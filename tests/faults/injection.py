# SPDX-License-Identifier: MIT
"""strace(1) on a process: it writes down its system calls, makes one fail, or kills it there."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess

from calls import read_calls
from waiting import is_gone, wait_until

EVERYTHING = ["-y", "-e", "trace=all"]


class Tracer:
    """strace on a process that runs already; it is as before when this is closed."""

    def __init__(self, pid, options, output):
        self.pid = pid
        self.output = output
        errors = output + ".err"
        with open(errors, "wb") as said:
            self.process = subprocess.Popen(["strace", "-f", "-o", output, *options, "-p", str(pid)],
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        assert wait_until(10, lambda: b"attached" in _read(errors)), _read(errors)

    def close(self):
        with _stopped(self.pid, self.output):
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


@contextlib.contextmanager
def _stopped(pid, output):
    """The traced process does nothing meanwhile: a call that strace has replaced and is not there to answer fails with
    ENOSYS (3 times in 150). Nothing where it is no more."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    assert wait_until(10, lambda: _has_stopped(pid, output)), "it does not stop"
    yield
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _has_stopped(pid, output):
    """Every thread, as strace writes it down; or it is gone."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return True
    return is_gone(pid) or _read(output).count(b"--- stopped by SIGSTOP ---") >= len(threads)


def prefix(options, output):
    """To be put before a command: strace follows it from its first call on, as a grandchild of ours."""
    # Without -I it would not let itself be ended.
    return ["strace", "-D", "-I", "2", "-f", "-o", output, *options]


def release(pid, output):
    """Ends what prefix() has begun; the process goes on without."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            tracer = int(re.search(r"TracerPid:\s+(\d+)", status.read())[1])
    except (FileNotFoundError, ProcessLookupError):
        return
    if tracer:
        with _stopped(pid, output):
            os.kill(tracer, signal.SIGTERM)
            assert wait_until(10, lambda: is_gone(tracer)), "strace does not end"


def missed(fault, output, logins):
    """None where it came to the call and this was about what it should be about; else the fault by the number that
    would have been right in this run. Processes come and go, and have more descriptors or fewer."""
    calls = read_calls(output, logins)
    hit = next((call for call in calls if (call.is_injected if fault.error else call.is_killed)), None)
    if hit is not None and hit.about in fault.about:
        return None
    there = (call.number for call in calls if call.about in fault.about and call.nth == fault.nth)
    return dataclasses.replace(fault, number=next(there, fault.number))


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
