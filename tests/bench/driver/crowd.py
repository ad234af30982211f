# SPDX-License-Identifier: MIT
"""Logins per second: one process and sixteen, of different accounts and of one, against solod and against the echo
daemon, which serves the same messages and does nothing. Both with and without libpam around."""

import time

import host
from worker import Peer, interleave

PROCESSES = 16

SHARED = """[User bench0]
MaxSessions=64
"""


def rate_of(workers):
    """Logins per second of all workers at once."""
    def rate(count):
        begin = time.monotonic()
        for worker in workers:
            worker.begin(count)
        for worker in workers:
            worker.finish()
        return [count * len(workers) / (time.monotonic() - begin)]
    return rate


def measure(scene):
    solod = scene.filled_solod("crowd", SHARED, history=scene.size.history[1])
    echo, echo_service = scene.echo_daemon()
    service = scene.pam_service("bench-crowd", solod.login_socket)

    def openers(socket, accounts):
        return [scene.worker("open_client", socket, account, host.FIRST_UID + scene.accounts.index(account), "grant")
                for account in accounts]

    def logins(to, accounts):
        return [scene.worker("login_client", "open", to, account) for account in accounts]

    many = scene.accounts[:PROCESSES]
    crowds = {"rate solod 16": openers(solod.login_socket, many), "rate echo 16": openers(echo, many),
              "rate solod 16 same": openers(solod.login_socket, [many[0]] * PROCESSES),
              "rate solod 1": openers(solod.login_socket, many[:1]), "rate echo 1": openers(echo, many[:1]),
              "rate libpam solod 16": logins(service, many), "rate libpam echo 16": logins(echo_service, many)}
    count = scene.size.few(2)
    scene.keep(interleave({name: Peer(rate_of(workers), count * (PROCESSES if len(workers) == 1 else 1))
                           for name, workers in crowds.items()}, scene.size.rounds))
    scene.end()
