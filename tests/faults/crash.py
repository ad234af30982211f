# SPDX-License-Identifier: MIT
"""solod is killed right before one of its system calls, and started again."""

from calls import crash_points, read_calls
from fault import Fault
from injection import EVERYTHING, Tracer, missed, prefix, release
from promise import check_promise, check_way_out
from scenarios import SCENARIOS
from waiting import is_idle, wait_until


def calls_of(name, directory):
    """The calls that solod makes in the scenario."""
    scenario = SCENARIOS[name](directory)
    try:
        run_traced(scenario, EVERYTHING)
        return read_calls(_output(scenario), scenario.pids(), directory if scenario.is_traced_from_start else None)
    finally:
        scenario.close()


def faults(name, directory):
    """The clients wait for solod to come back, or are killed with it."""
    points = crash_points(calls_of(name, directory))
    variants = ("wait", "die") if name in ("open", "supersede", "supersede-deaf", "close") else ("wait",)
    return [Fault(name, *point, variant=variant) for variant in variants for point in points]


def run_fault(fault, directory):
    """None where solod came to that call; else the fault to try next."""
    scenario = SCENARIOS[fault.scenario](directory)
    try:
        run_traced(scenario, fault.options())
        if not scenario.solod.has_exited() or scenario.solod.process.returncode != -9:
            return missed(fault, _output(scenario), scenario.pids())
        if fault.variant == "die":
            for login in scenario.logins:
                if not login.is_decided():
                    login.kill()
        _check_recovery(scenario)
        check_way_out(scenario)
        return missed(fault, _output(scenario), scenario.pids())
    finally:
        scenario.close()


def _output(scenario):
    return f"{scenario.directory}/trace"


def run_traced(scenario, options):
    """Returns when the scenario is over, or solod has exited."""
    solod = scenario.solod
    if scenario.is_traced_from_start:
        solod.launch(prefix(options, _output(scenario)))
        solod.is_ready()
        wait_until(2, lambda: solod.has_exited() or is_idle(solod.process.pid))
        release(solod.process.pid, _output(scenario))
        return
    tracer = Tracer(solod.process.pid, options, _output(scenario))
    scenario.act()
    wait_until(15, lambda: solod.has_exited() or scenario.is_over() and solod.has_settled())
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
