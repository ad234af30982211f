# SPDX-License-Identifier: MIT
"""What Solo takes beside the time of a login: loading the module, memory, starting up, and long lists."""

import json
import socket
import subprocess
import time

from figures import Figures
from solod import resident
from worker import Broken, Peer, interleave

OPEN = "org.pamsolo.Sessions.OpenLease"


def loading(scene):
    def load(module):
        def once(count):
            return [int(subprocess.run([scene.program("load_once"), module], check=True, capture_output=True).stdout) / 1000
                    for _ in range(count)]
        return Peer(once, scene.size.few(10))
    scene.keep(interleave({"dlopen": load(scene.module), "dlopen null": load(scene.program("null_module.so"))},
                          scene.size.rounds))


def open_leases(path, numbers, batch=100, connections=10):
    """Over several connections, many calls at a time each."""
    sockets = []
    for _ in range(connections):
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].connect(str(path))
    for first in range(numbers.start, numbers.stop, batch):
        one = sockets[first // batch % connections]
        calls = range(first, min(first + batch, numbers.stop))
        one.sendall(b"".join(call(number) for number in calls))
        expect_replies(one, len(calls))
    for one in sockets:
        one.close()


def call(number):
    parameters = {"account": f"member{number}", "service": "web", "rhost": f"10.0.{number % 250}.7", "ttl": 86400}
    return json.dumps({"method": OPEN, "parameters": parameters}).encode() + b"\0"


def expect_replies(one, count):
    received = b""
    while received.count(b"\0") < count:
        received += one.recv(1 << 20)
    if b'"error"' in received:
        raise Broken(f"OpenLease: {received[:200]}")


def memory(scene):
    solod = scene.filled_solod("memory")
    idle = scene.spawn(scene.program("idle_program"), scene.directory, stdout=subprocess.PIPE)
    idle.stdout.readline()
    scene.keep_one("rss solod", solod.resident())
    scene.keep_one("rss idle program", resident(idle.pid))
    count = scene.size.leases
    warm = count // 10  # what does not grow with the sessions is there then
    open_leases(solod.sessions_socket, range(warm))
    before = solod.resident()
    open_leases(solod.sessions_socket, range(warm, count))
    scene.keep_one("bytes a session", (solod.resident() - before) / (count - warm))
    scene.end()


def starting(scene):
    solod = scene.filled_solod("start", logins=scene.size.logins)
    seconds = []
    for _ in range(3):
        scene.stop(solod)
        seconds.append([scene.start(solod) * 1e6])
    scene.figures["start"] = Figures(seconds)
    scene.end()


def run_ctl(scene, solod, *arguments):
    """Microseconds, the peak of its memory, and how many lines it wrote. (getrusage would count what this process had
    when it forked.)"""
    begin = time.monotonic()
    process = subprocess.Popen([scene.soloctl, "--socket", solod.sessions_socket, *arguments], stdout=subprocess.PIPE)
    lines = peak = 0
    while chunk := process.stdout.read1(1 << 16):
        lines += chunk.count(b"\n")
        peak = resident(process.pid, "VmHWM") or peak
    if process.wait() != 0:
        raise Broken(f"soloctl {' '.join(arguments)}: status {process.returncode}")
    return (time.monotonic() - begin) * 1e6, peak, lines


def lists(scene):
    full = scene.filled_solod("full", leases=scene.size.listed)
    old = scene.filled_solod("old", history=scene.size.history[-1])
    before = full.resident()
    for name, solod, arguments in (("list", full, ["list"]), ("list json", full, ["--json", "list"]),
                                   ("history", old, ["history"]),
                                   ("history account", old, ["history", "--account", "person7"])):
        microseconds, peak, lines = run_ctl(scene, solod, *arguments)
        scene.keep_one(f"{name} time", microseconds)
        scene.keep_one(f"{name} memory", peak)
        scene.keep_one(f"{name} lines", lines)
    scene.keep_one("list solod growth", full.resident() - before)
    scene.end()


def measure(scene):
    loading(scene)
    memory(scene)
    starting(scene)
    lists(scene)
