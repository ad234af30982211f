# SPDX-License-Identifier: MIT
"""Processes that try faults at the same time, each where it sees no processes but its own and has DIRECTORY for itself."""

import concurrent.futures
import dataclasses
import json
import os
import queue
import signal
import subprocess
import sys
import time

from fault import Fault

_MOUNT = "/run/faults"
DIRECTORY = f"{_MOUNT}/one"

# bash, as the first process of a process namespace, reaps what is left behind.
_APART = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
          f'mkdir -p {_MOUNT} && mount -t tmpfs tmpfs {_MOUNT} && "$@"; exit $?', "bash"]

# A call has not the same number in each run.
_TRIES = 6


@dataclasses.dataclass
class Result:
    """What became of a fault: the promise that it broke, or whether its call was never made."""

    error: str = ""
    is_missed: bool = False
    seconds: float = 0


class Crew:
    """So many workers. Ends them when it is left."""

    def __init__(self, number, command):
        self._workers = [subprocess.Popen([*_APART, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                         for _ in range(number)]
        self._idle = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers:
            worker.stdin.close()
        for worker in self._workers:
            worker.wait()

    def faults(self, scenario):
        """Those that there are."""
        return [Fault(**fault) for fault in self._ask(scenario)]

    def run(self, faults):
        """Tries them; yields each with its result, in their order."""
        with concurrent.futures.ThreadPoolExecutor(len(self._workers)) as pool:
            yield from zip(faults, pool.map(self._try, faults))

    def _try(self, fault):
        return Result(**self._ask(dataclasses.asdict(fault)))

    def _ask(self, question):
        worker = self._idle.get()
        try:
            worker.stdin.write(json.dumps(question) + "\n")
            worker.stdin.flush()
            return json.loads(worker.stdout.readline())
        finally:
            self._idle.put(worker)


def work(kind):
    """A worker: answers each question on standard input with a line. A scenario's name asks for its faults."""
    for line in sys.stdin:
        question = json.loads(line)
        if isinstance(question, str):
            answer = [dataclasses.asdict(fault) for fault in kind.faults(question, DIRECTORY)]
        else:
            answer = dataclasses.asdict(_result_of(kind, Fault(**question)))
        print(json.dumps(answer), flush=True)


def _end_others():
    """What a fault has left behind, solod would look at during the next one."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            try:
                os.kill(int(name), signal.SIGKILL)
            except ProcessLookupError:
                pass


def _result_of(kind, fault):
    begin = time.monotonic()
    error, is_missed = "", True
    try:
        for _ in range(_TRIES):
            is_missed = (fault := kind.run_fault(fault, DIRECTORY)) is not None
            if not is_missed:
                break
    except Exception as exception:  # whatever happens, the other faults are tried
        error, is_missed = f"{type(exception).__name__}: {str(exception)[:1500]}", False
    _end_others()
    return Result(error, is_missed, time.monotonic() - begin)
