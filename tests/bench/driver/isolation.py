# SPDX-License-Identifier: MIT
"""How long a login takes while others keep solod busy: an unprivileged user who floods sessions.sock; lists, watchers,
eviction and checkpoints."""

import json
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
    """Everything that a solod does beside logins, at once: the other one is as big and has nothing to do. Those who ask are
    no soloctl, which takes more of a processor than solod: it is solod that is measured, not how two of them are shared."""
    rows = {"history": scene.size.history[1], "leases": scene.size.listed}
    calm = scene.filled_solod("calm", "[Daemon]\nHistoryTime=infinity\n", **rows)
    busy_one = scene.filled_solod("busy", "[Daemon]\nHistoryTime=30d\n", **rows)
    calls = [{"method": "org.pamsolo.Sessions.List", "more": True},
             {"method": "org.pamsolo.Sessions.List", "parameters": {"ended": True, "limit": 100000}, "more": True},
             *[{"method": "org.pamsolo.Sessions.Watch", "more": True}] * WATCHERS]
    disturbance = Disturbance([
        scene.spawn(scene.program("reader"), busy_one.sessions_socket, json.dumps(call), process_group=0) for call in calls])
    peers = {"quiet": scene.opener(calm, scene.accounts[0]),
             "busy": disturbance.around(scene.opener(busy_one, scene.accounts[0]))}
    scene.keep(interleave(peers, scene.size.rounds))
    disturbance.send(signal.SIGKILL)
    scene.end()


def measure(scene):
    flood(scene)
    busy(scene)
