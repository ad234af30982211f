# SPDX-License-Identifier: MIT
"""The system calls of a process as strace has written them down, and which of them are worth a fault."""

import collections
import dataclasses
import re

_line = re.compile(r"^(\d+) +(\w+)\((.*)$")
_described = re.compile(r"^(?:AT_FDCWD<[^>]*>|\d+<(?P<file>[^>]*)>|)(?:, )?(?:\"(?P<path>[^\"]*)\")?")
_of_process = re.compile(r"^/proc/(\d+)")
_lock = re.compile(r"F_\w+|l_type=\w+|l_start=\d+")

# Whose text, if it begins with one, is a path.
_OF_PATHS = {"access", "chmod", "chown", "execve", "lstat", "mkdir", "newfstatat", "openat", "readlink", "readlinkat",
             "rename", "rmdir", "stat", "statx", "unlink"}

# Calls that change nothing but what dies with the process. That a process is killed before one of them or before the
# next, nobody else can tell.
_INWARD = {"access", "arch_prctl", "brk", "dup", "epoll_create1", "epoll_ctl", "eventfd2", "execve", "fstat", "futex",
           "getdents64", "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getsockname", "getsockopt",
           "gettid", "getuid", "ioctl", "lseek", "lstat", "madvise", "mmap", "mprotect", "mremap", "munmap",
           "newfstatat", "pidfd_open", "pipe2", "poll", "prctl", "pread64", "prlimit64", "readlink", "readlinkat",
           "rseq", "rt_sigaction", "rt_sigprocmask", "sched_getaffinity", "set_robust_list", "set_tid_address",
           "setsockopt", "socket", "stat", "statx", "timerfd_create", "timerfd_settime", "uname"}
_ON_FILES = {"close", "read"}


@dataclasses.dataclass(frozen=True)
class Call:
    """One system call; thread and number say which."""

    thread: str
    name: str
    number: int  # strace has each thread count its own, each name for itself
    about: str  # what it is about, in words that are the same in another run
    nth: int  # of its thread's calls of this name that are about the same
    is_inward: bool
    one_of: str  # what such calls have in common that look at many things in the same way, one after the other
    is_killed: bool
    is_injected: bool


def read_calls(output, logins, begin=None):
    """The calls in strace's output, from the first one on that mentions the text `begin`. `logins` are the processes
    of which /proc tells something that matters. Left out are those of a thread that strace cannot tell from one before the
    first: as each thread counts its own, a fault there would hit the loader."""
    counts = collections.Counter()
    before = set()
    calls = []
    has_begun = begin is None
    with open(output, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not (match := _line.match(line)):
                continue
            thread, name, rest = match.groups()
            counts[thread, name] += 1
            has_begun = has_begun or begin in rest and name != "execve"
            about = _about(name, rest, logins)
            counts[thread, name, about] += 1
            if not has_begun:
                before.add((name, counts[thread, name]))
            elif (name, counts[thread, name]) not in before:
                calls.append(Call(thread, name, counts[thread, name], about, counts[thread, name, about],
                                  _is_inward(name, rest, about),
                                  _one_of(name, rest, about), rest.endswith("= ?"), "(INJECTED" in rest))
    return calls


def _about(name, rest, logins):
    match = _described.match(rest)
    parts = [match["file"] or ""]
    if name in _OF_PATHS:
        parts.append(match["path"] or "")
    if name == "fcntl" and "F_GETLK" not in rest:
        parts.extend(_lock.findall(rest))
    text = " ".join(part for part in parts if part)
    if process := _of_process.match(text):
        who = "login" if int(process[1]) in logins else "somebody"
        text = f"/proc/{who}{text[process.end():]}"
    return re.sub(r"\d+", "#", text)


def _one_of(name, rest, about):
    if about.startswith("/proc/somebody"):
        return about + (" socket" if '"socket:' in rest else "")
    # nss-systemd looks for its users in seven directories, and goes to each step by step (chase in systemd).
    is_directory = name == "newfstatat" and "S_IFDIR" in rest and "AT_EMPTY_PATH" in rest
    if (name == "openat" and "O_PATH" in rest or is_directory) and not about.startswith("/proc"):
        return "step"
    return ""


def _is_inward(name, rest, about):
    if name == "openat":
        return "O_CREAT" not in rest and "O_TRUNC" not in rest
    if name == "fcntl":
        return "F_SETLK" not in rest
    if name in _ON_FILES:  # a message is gone when it is read, and a lock when its file is closed
        return about.startswith(("/", "anon_inode")) and "sessions.db" not in about
    return name in _INWARD


def crash_points(calls):
    """Before each call that changes something outside, and right after it."""
    kept = []
    was_inward = True
    for call in calls:
        if not call.is_inward or not was_inward:
            kept.append(call)
        was_inward = call.is_inward
    return _points(kept)


def fault_points(calls):
    """All calls, but one of those that look at many processes or directories in the same way without anything being
    changed meanwhile."""
    kept = []
    seen = set()
    for call in calls:
        if not call.is_inward:
            seen.clear()
        key = (call.thread, call.name, call.one_of)
        if not call.one_of or key not in seen:
            seen.add(key)
            kept.append(call)
    return _points(kept)


def _points(calls):
    """(name, number, what it is about, which one of those) of each; threads count alike."""
    points = collections.defaultdict(list)
    for call in calls:
        points[call.name, call.number].append(call)
    return [(name, number, sorted({call.about for call in same}), same[0].nth)
            for (name, number), same in sorted(points.items())]
