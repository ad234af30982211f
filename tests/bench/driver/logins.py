# SPDX-License-Identifier: MIT
"""One login at a time, beside the floor and the other PAM modules."""

import os
import resource
import socket
from contextlib import ExitStack

import host
from worker import Peer, interleave

SUPERSEDE = """[Service bench-supersede]
OnConflict=supersede
ContestLimit=10000
[User bench1]
MaxSessions=2
"""


def peers_of_pam(scene):
    """Other modules that do something at the beginning of a session."""
    directory = scene.directory
    who = directory / "who"
    who.write_text('#!/bin/sh\n[ "$(who | grep -c "^$PAM_USER ")" -lt 1 ]\n')
    who.chmod(0o755)
    limits = directory / "limits.conf"
    limits.write_text("".join(f"{name} hard maxlogins 1000\n" for name in scene.accounts))
    host.add_service("bench-permit", "required pam_permit.so")
    host.add_service("bench-limits", f"required pam_limits.so conf={limits}")
    host.add_service("bench-lastlog", "required pam_lastlog.so silent")
    host.add_service("bench-who", f"required pam_exec.so quiet {who}")
    account = scene.accounts[0]
    utmp = {count: host.write_utmp(directory / f"utmp-{count}", count) for count in scene.size.utmp}

    def peer(service, count, divisor=1):
        return scene.peer("login_client", "open", service, account, prefix=host.with_utmp(utmp[count]),
                          count=scene.size.few(divisor) if divisor > 1 else None)

    few, middle = scene.size.utmp[0], scene.size.utmp[1]
    peers = {"pam_permit": peer("bench-permit", few), "pam_lastlog": peer("bench-lastlog", few),
             "pam_exec who": peer("bench-who", few, 20), f"pam_limits {few}": peer("bench-limits", few),
             f"pam_limits {middle}": peer("bench-limits", middle, 10)}
    for count in scene.size.utmp[2:]:
        peers[f"pam_limits {count}"] = peer("bench-limits", count, 100)
    return peers


def apart(server, worker, count):
    """Each on a processor of its own: to wake the other one takes an interrupt."""
    processors = os.sched_getaffinity(0)

    def round_of(count):
        host.place(server, {max(processors)})
        host.place(worker.process, {min(processors)})
        try:
            return worker.round(count)
        finally:
            host.place(server, processors)
            host.place(worker.process, processors)
    return Peer(round_of, count)


def rare(worker, size):
    """Each when solod has done a checkpoint since the one before."""
    return Peer(lambda count: worker.round(count, size.long_pause), size.few(100))


def beside_sockets(worker, others, count):
    """With so many other Unix sockets on the machine."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)

    def round_of(count):
        with ExitStack() as done:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
            done.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
            for _ in range(others // 2):
                for end in socket.socketpair():
                    done.enter_context(end)
            return worker.round(count)
    return Peer(round_of, count)


def measure(scene):
    directory, accounts = scene.directory, scene.accounts
    raw = scene.server(directory / "raw.sock", scene.program("raw_server"))
    echo, echo_service = scene.echo_daemon()
    solods = {f"history {rows}": scene.filled_solod(f"history-{rows}", SUPERSEDE, history=rows)
              for rows in scene.size.history}
    solods |= {f"live {rows}": scene.filled_solod(f"live-{rows}", SUPERSEDE, leases=rows)
               for rows in scene.size.live if rows}
    empty = solods["history 0"]

    peers = {"raw": scene.peer("raw_client", directory / "raw.sock"),
             "echo": scene.peer("open_client", echo, accounts[0], host.FIRST_UID, "grant"),
             "libpam echo": scene.peer("login_client", "open", echo_service, accounts[0])}
    for name, solod in solods.items():
        peers[f"open {name}"] = scene.opener(solod, accounts[0])
        service = scene.pam_service("bench-" + name.replace(" ", "-"), solod.login_socket)
        peers[f"libpam {name}"] = scene.peer("login_client", "open", service, accounts[0])
    big = f"history {scene.size.history[1]}"
    peers["rush raw"] = scene.rushing_peer("raw_client", directory / "raw.sock")
    peers[f"rush open {big}"] = scene.rushing_peer("open_client", *scene.open_arguments(solods[big], accounts[0]))
    opening, connecting = (scene.worker("open_client", *scene.open_arguments(solods[big], accounts[0])),
                           scene.worker("raw_client", directory / "raw.sock"))
    if len(os.sched_getaffinity(0)) > 1:
        peers["apart raw"] = apart(raw, connecting, scene.size.count)
        peers[f"apart open {big}"] = apart(solods[big].process, opening, scene.size.count)
    peers["rare raw"] = rare(connecting, scene.size)
    alone = scene.filled_solod("alone", history=scene.size.history[1])  # serves nobody else in between
    peers[f"rare open {big}"] = rare(scene.worker("open_client", *scene.open_arguments(alone, accounts[0])), scene.size)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > scene.size.sockets + 100:
        peers[f"open sockets {scene.size.sockets}"] = beside_sockets(opening, scene.size.sockets, scene.size.count)
    scene.hold(empty, accounts[2])
    scene.hold(empty, accounts[3])
    peers["refusal"] = scene.opener(empty, accounts[2], "refuse")
    peers["libpam refusal"] = scene.peer("login_client", "refuse", "bench-history-0", accounts[2])
    service = scene.pam_service("bench-supersede", empty.login_socket)
    peers["libpam supersede"] = scene.peer("login_client", "supersede", service, accounts[4], count=scene.size.few(10))
    peers["killed"] = scene.peer("login_client", "killed", "bench-history-0", accounts[5], count=scene.size.few(10))
    peers |= peers_of_pam(scene)
    scene.keep(interleave(peers, scene.size.rounds))
    scene.end()
