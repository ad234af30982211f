# SPDX-License-Identifier: MIT
"""How long a login takes while others keep solod busy: an unprivileged user who floods sessions.sock; lists, watchers,
eviction and checkpoints."""

import os
import signal
import subprocess
import time

import host
from worker import Peer, interleave

NOBODY = 65534
WATCHERS = 4


class Disturbance:
    """Processes that run only while somebody is measured beside them."""

    def __init__(self, processes):
        self.processes = processes
        self.send(signal.SIGSTOP)

    def send(self, number):
        for process in self.processes:
            os.killpg(process.pid, number)

    def around(self, peer):
        def disturbed(count):
            self.send(signal.SIGCONT)
            time.sleep(0.05)  # it has begun
            try:
                return peer.round_of(count)
            finally:
                self.send(signal.SIGSTOP)
                time.sleep(0.05)  # and solod has answered what it had asked
        return Peer(disturbed, peer.count)


def flood(scene):
    solod = scene.filled_solod("flood", history=scene.size.history[1])
    calm = scene.opener(solod, scene.accounts[0])
    flooding = scene.spawn(scene.program("flood"), solod.sessions_socket, user=NOBODY, group=NOBODY, extra_groups=[],
                           start_new_session=True, stderr=subprocess.DEVNULL)
    disturbance = Disturbance([flooding])
    scene.keep(interleave({"calm": calm, "flooded": disturbance.around(calm)}, scene.size.rounds))
    disturbance.send(signal.SIGCONT)
    scene.end()


def busy(scene):
    """Everything that a solod does beside logins, at once: the other one is as big and has nothing to do. Those who read
    get what is left of the processors: it is solod that is measured, not how two of them are shared. (In a session of
    their own they would get as much as all others together, sched(7): autogroup.)"""
    rows = {"history": scene.size.history[1], "leases": scene.size.listed}
    calm = scene.filled_solod("calm", "[Daemon]\nHistoryTime=infinity\n", **rows)
    busy_one = scene.filled_solod("busy", "[Daemon]\nHistoryTime=30d\n", **rows)
    ctl = f"{scene.soloctl} --socket {busy_one.sessions_socket}"
    commands = [f"while :; do {ctl} --json list; done", f"while :; do {ctl} --json history --limit 100000; done",
                *[f"{ctl} watch"] * WATCHERS]
    disturbance = Disturbance([
        scene.spawn("chrt", "--idle", "0", "sh", "-c", command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    process_group=0)
        for command in commands])
    peers = {"quiet": scene.opener(calm, scene.accounts[0]),
             "busy": disturbance.around(scene.opener(busy_one, scene.accounts[0]))}
    scene.keep(interleave(peers, scene.size.rounds))
    disturbance.send(signal.SIGKILL)
    scene.end()


def measure(scene):
    flood(scene)
    busy(scene)
