# SPDX-License-Identifier: MIT
"""A system call of the login program fails while pam_solo.so works, once or from then on."""

import os
import re
import signal
import time

from calls import fault_points, read_calls
from errors import faults_of
from injection import EVERYTHING, Tracer, missed
from promise import check_promise, check_way_out
from scenarios import Open, Refuse, Supersede
from waiting import is_gone, is_idle, wait_until

# timeout=2, and what strace and other tests on the same machine cost.
LONGEST_PHASE = 4

# write is the login program's own, for its lines; the others it waits with.
_OWN_CALLS = {"write", "rt_sigtimedwait", "rt_sigprocmask", "flock", "exit_group", "close"}


class RefusedByOpen(Refuse):
    """The same without the account phase, which would have refused it."""

    def begin(self):
        self.logged_in()
        self.new = self.login("--stay", "--no-account")


class RefusedByCheck(Refuse):
    """A login that the account phase refuses."""

    def begin(self):
        self.logged_in()
        self.new = self.login("--stay")


class Granted(Open):
    """A login that is granted and logs out again."""

    def begin(self):
        self.new = self.login("--stay")


class Superseding(Supersede):
    """A login that ends another one."""

    def begin(self):
        self.logged_in()
        self.new = self.login("--stay")


class Absent(Granted):
    """Nobody answers."""

    def begin(self):
        super().begin()
        self.solod.kill()


SCENARIOS = {
    "granted": Granted,
    "refused-by-open": RefusedByOpen,
    "refused-by-check": RefusedByCheck,
    "superseding": Superseding,
    "absent": Absent,
}


def faults(name, directory):
    scenario = SCENARIOS[name](directory)
    try:
        _run(scenario, EVERYTHING, f"{directory}/trace")
        calls = read_calls(f"{directory}/trace", scenario.pids())
    finally:
        scenario.close()
    return list(faults_of(name, fault_points([call for call in calls if call.name not in _OWN_CALLS])))


def run_fault(fault, directory):
    """None where the login program came to that call; else the fault to try next."""
    scenario = SCENARIOS[fault.scenario](directory)
    output = f"{directory}/trace"
    try:
        _run(scenario, fault.options(), output)
        if isinstance(scenario, Absent):
            scenario.solod.start()
        check_promise(scenario)
        check_way_out(scenario)
        return missed(fault, output, scenario.pids())
    finally:
        scenario.close()


def _run(scenario, options, output):
    """The login, and its logout if it was granted; looks at what is left in its process each time."""
    login = scenario.new
    # libc closes the login program's own connection to the log where it cannot write there.
    logs = (0, -1) if "trace=sendto" in options else (0,)
    before = _state_of(login.pid)
    tracer = Tracer(login.pid, options, output)
    begin = time.monotonic()
    scenario.act()
    is_decided = wait_until(2 * LONGEST_PHASE, login.is_decided)
    took = time.monotonic() - begin
    if not is_decided:
        raise AssertionError(f"no answer after {took:.1f} s: {login.lines()}")
    wait_until(1, lambda: is_idle(login.pid))
    if not login.is_alive():
        raise AssertionError(f"has died of {login.signal_it_died_of()}: {login.lines()}")
    if scenario.on_conflict == "refuse" and login.is_granted() or isinstance(scenario, Absent) and login.is_granted():
        raise AssertionError(f"was granted: {login.lines()}")
    # libpam says PAM_SYSTEM_ERR where it cannot write its own audit record of what the module has granted: the line is
    # there until pam_end.
    is_granted_in_vain = login.word_after("open") == "PAM_SYSTEM_ERR"
    lines = (0, 1) if is_granted_in_vain else (int(login.is_granted()),)
    _compare(before, _state_of(login.pid), {line + log for line in lines for log in logs})
    if login.is_granted():
        begin = time.monotonic()
        login.leave()
        wait_until(2 * LONGEST_PHASE, lambda: login.word_after("close"))
        took = max(took, time.monotonic() - begin)
        wait_until(1, lambda: is_idle(login.pid))
        # A line that cannot be looked at may be somebody else's descriptor by now, so it stays open.
        is_line_lost = "trace=newfstatat" in options
        _compare(before, _state_of(login.pid), (0, 1) if is_line_lost else logs)
    if took > LONGEST_PHASE * (1 if login.word_after("account") != "PAM_SUCCESS" else 2):
        raise AssertionError(f"took {took:.1f} s: {login.lines()}")
    tracer.close()
    login.leave()


def _compare(before, after, sockets):
    left = after.pop("sockets") - before["sockets"]
    if left not in sockets:
        raise AssertionError(f"{left} sockets are left, of {sockets}")
    if changed := {key: (before[key], value) for key, value in after.items() if before[key] != value}:
        raise AssertionError(f"is not as before: {changed}")


def _state_of(pid):
    """What a module has to leave as it was."""
    directory = f"/proc/{pid}/fd"
    descriptors = {int(fd): os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)}
    # Those that the login program waits for are not blocked while it does.
    own_signals = sum(1 << number - 1 for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2))
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        status = dict(re.findall(r"^(\w+):\s+(.*)$", file.read(), re.MULTILINE))
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        children = [child for child in file.read().split() if not is_gone(int(child))]
    return {
        "sockets": sum(target.startswith("socket:") for target in descriptors.values()),
        "files": {fd: target for fd, target in descriptors.items()
                  if not target.startswith("socket:") and not target.endswith("alone")},
        "children": children,
        "directory": os.readlink(f"/proc/{pid}/cwd"),
        "blocked": int(status["SigBlk"], 16) | own_signals,
        **{key: status[key] for key in ("Umask", "Uid", "Gid", "Threads", "SigIgn", "SigCgt")},
    }
