# SPDX-License-Identifier: MIT
"""A system call of solod fails, once or from then on; then the fault is gone."""

import subprocess
import time

import crash
from calls import fault_points
from errors import faults_of
from injection import Tracer, missed, prefix, release
from promise import check_promise, check_way_out
from scenarios import SCENARIOS
from waiting import is_idle, wait_until

# What a login may take with the module's timeout=2, and strace.
LONGEST_LOGIN = 6

# SQLite tries for 10 s to lock its shared memory (walTryBeginRead in wal.c).
LONGEST_START = 15


def faults(name, directory):
    return list(faults_of(name, fault_points(crash.calls_of(name, directory))))


def run_fault(fault, directory):
    """None where solod came to that call; else the fault to try next."""
    scenario = SCENARIOS[fault.scenario](directory)
    output = f"{directory}/trace"
    try:
        run = _run_start if scenario.is_traced_from_start else _run_served
        run(scenario, fault.options(), output)
        check_promise(scenario)
        if not wait_until(3, lambda: not scenario.solod.problems()):
            raise AssertionError(f"is degraded still: {scenario.solod.problems()}")
        check_way_out(scenario)
        if leaked := _descriptors_left(scenario.solod):
            raise AssertionError(f"descriptors are left: {leaked}")
        return missed(fault, output, scenario.pids())
    finally:
        scenario.close()


def _run_served(scenario, options, output):
    solod = scenario.solod
    tracer = Tracer(solod.process.pid, options, output)
    begin = time.monotonic()
    scenario.act()
    wait_until(LONGEST_LOGIN, lambda: solod.has_exited() or _is_answered(scenario))
    took = time.monotonic() - begin
    wait_until(1, lambda: solod.has_exited() or solod.has_settled())
    tracer.close()
    if took > LONGEST_LOGIN and not all(login.is_decided() for login in scenario.logins):
        raise AssertionError(f"a login has no answer after {took:.1f} s")
    if scenario.is_stopped and wait_until(2, solod.has_exited) and solod.process.returncode == 0:
        solod.start()
    if solod.has_exited():
        raise AssertionError(f"solod has exited with {solod.process.returncode}: {solod.log()}")


def _is_answered(scenario):
    """Nobody waits for solod any more."""
    if scenario.is_timed and not scenario.is_over():
        return False
    return all(login.is_decided() and not (login.is_leaving and login.is_alive()) for login in scenario.logins)


def _run_start(scenario, options, output):
    """A start may fail where the fault is not the disk's, but says why; the next one succeeds."""
    solod = scenario.solod
    solod.launch(prefix(options, output))
    is_ready = solod.is_ready(LONGEST_START)
    wait_until(1, lambda: solod.has_exited() or is_idle(solod.process.pid))
    release(solod.process.pid, output)
    # It may serve and not be able to say so.
    is_ready = is_ready or not solod.has_exited() and solod.is_ready(5)
    scenario.was_blind = "who was logged in before is not known" in solod.log()
    if is_ready and not solod.has_exited():
        return
    if not solod.has_exited():
        raise AssertionError(f"neither serves nor exits: {solod.log()}")
    if solod.process.returncode != 1 or not solod.log().strip():
        raise AssertionError(f"exited with {solod.process.returncode}: {solod.log()}")
    if solod.database in solod.log().splitlines()[-1]:
        raise AssertionError(f"the database keeps it from starting: {solod.log()}")
    solod.start()


def _descriptors_left(solod):
    """Pidfds of logins that are no more."""
    left = []

    def are_none_left():
        listing = subprocess.run(["ls", "-l", f"/proc/{solod.process.pid}/fd"], capture_output=True, text=True)
        left[:] = [line for line in listing.stdout.splitlines() if "pidfd" in line]
        return not left

    wait_until(2, are_none_left)
    return left
