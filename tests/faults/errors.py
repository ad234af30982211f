# SPDX-License-Identifier: MIT
"""Which errors a system call can give where disk, memory, descriptors or luck have run out (their manual pages)."""

from fault import Fault

_FILE = ("EIO", "ENOMEM")
_NEW = ("EMFILE", "ENOMEM")
_WRITE = ("ENOSPC", "EIO", "EINTR")
_WAIT = ("EINTR", "ENOMEM")

# close is left out: Linux frees the descriptor whatever it says, which strace cannot do. So are calls that cannot fail,
# and timers and signals, which fail for wrong arguments only.
_ERRORS = {
    "accept": (*_NEW, "EINTR"),
    "accept4": (*_NEW, "EINTR"),
    "access": _FILE,
    "bind": ("ENOMEM", "ENOSPC", "EADDRINUSE"),
    "brk": ("ENOMEM",),
    "chmod": ("EIO", "ENOSPC"),
    "clone": ("ENOMEM",),
    "clone3": ("ENOMEM",),
    "connect": ("ENOMEM", "EINTR"),
    "dup": ("EMFILE",),
    "epoll_create1": _NEW,
    "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "epoll_wait": ("EINTR",),
    "eventfd2": _NEW,
    "fchmod": ("EIO", "ENOSPC"),
    "fchown": ("EIO", "ENOSPC"),
    "fcntl": ("ENOLCK",),
    "fdatasync": _WRITE,
    "flock": ("ENOMEM", "EINTR"),
    "fstat": _FILE,
    "fsync": _WRITE,
    "ftruncate": _WRITE,
    "getdents64": _FILE,
    "getpeername": ("ENOBUFS",),
    "getrandom": ("EINTR",),
    "getsockopt": ("ENOMEM",),
    "listen": ("ENOMEM",),
    "lseek": ("EIO",),
    "lstat": _FILE,
    "mkdir": ("ENOSPC", "EIO", "ENOMEM"),
    "mmap": ("ENOMEM",),
    "mprotect": ("ENOMEM",),
    "mremap": ("ENOMEM",),
    "munmap": ("ENOMEM",),
    "newfstatat": _FILE,
    "openat": ("EMFILE", "ENOMEM", "EIO", "ENOSPC", "EINTR"),
    "pidfd_open": _NEW,
    "pipe2": _NEW,
    "poll": _WAIT,
    "pread64": ("EIO", "EINTR"),
    "pwrite64": _WRITE,
    "read": ("EIO", "EINTR", "ENOMEM"),
    "readlink": _FILE,
    "readlinkat": _FILE,
    "recvfrom": _WAIT,
    "recvmsg": _WAIT,
    "rename": ("ENOSPC", "EIO", "ENOMEM"),
    "sendmsg": _WAIT,
    "sendto": _WAIT,
    "setsockopt": ("ENOMEM",),
    "socket": _NEW,
    "stat": _FILE,
    "statx": _FILE,
    "timerfd_create": _NEW,
    "unlink": ("EIO", "ENOMEM"),
    "write": _WRITE,
}


def faults_of(scenario, points):
    """Every error at each of these points. A call that is interrupted is so once: nothing ends that tries such a call
    again, as it must."""
    for point in points:
        for error in _ERRORS.get(point[0], ()):
            yield Fault(scenario, *point, error)
            if error != "EINTR":
                yield Fault(scenario, *point, error, for_ever=True)
