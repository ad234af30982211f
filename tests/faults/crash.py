# SPDX-License-Identifier: MIT
"""solod is killed right before one of its system calls, and started again."""

from injection import COUNTING, Injection, Tracer, count_calls, prefix, release
from promise import check_promise, check_way_out
from scenarios import SCENARIOS
from waiting import is_idle, wait_until


def points_of(name, directory):
    """The calls that solod makes in the scenario: (call, number)."""
    scenario = SCENARIOS[name](directory)
    try:
        _run_traced(scenario, COUNTING)
        begin = directory if scenario.is_traced_from_start else None
        before, counts = count_calls(_output(scenario), begin)
        return [(call, number) for call in sorted(counts) for number in range(before[call] + 1, counts[call] + 1)]
    finally:
        scenario.close()


def faults(name, directory):
    """Each point, and whether the clients wait for solod to come back, or are killed with it."""
    variants = ("wait", "die") if name in ("open", "supersede", "supersede-deaf", "close") else ("wait",)
    return [(point, variant) for variant in variants for point in points_of(name, directory)]


def run_fault(name, directory, point, variant):
    """False where solod does not come to that call."""
    call, number = point
    scenario = SCENARIOS[name](directory)
    try:
        _run_traced(scenario, Injection(call, number, "signal=KILL").options)
        if not scenario.solod.has_exited() or scenario.solod.process.returncode != -9:
            return False
        if variant == "die":
            for login in scenario.logins:
                if not login.is_decided():
                    login.kill()
        _check_recovery(scenario)
        check_way_out(scenario)
        return True
    finally:
        scenario.close()


def _output(scenario):
    return f"{scenario.directory}/trace"


def _run_traced(scenario, options):
    """Returns when the scenario is over, or solod has exited."""
    solod = scenario.solod
    if scenario.is_traced_from_start:
        solod.launch(prefix(options, _output(scenario)))
        solod.is_ready()
        wait_until(2, lambda: solod.has_exited() or is_idle(solod.process.pid))
        release(solod.process.pid)
        return
    tracer = Tracer(solod.process.pid, options, _output(scenario))
    scenario.act()
    wait_until(15, lambda: solod.has_exited() or scenario.is_over() and is_idle(solod.process.pid))
    tracer.close()


def _check_recovery(scenario):
    """Killed once more when it is ready, it recovers; recovering again changes nothing."""
    solod = scenario.solod
    solod.start()
    solod.kill()
    solod.start()
    check_promise(scenario)
    once = solod.records()
    solod.kill()
    solod.start()
    check_promise(scenario)
    if (twice := solod.records()) != once:
        raise AssertionError(f"recovered once: {once}, twice: {twice}")
