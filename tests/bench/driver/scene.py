# SPDX-License-Identifier: MIT
"""What every part of the bench shares: where the programs are, how much to do, what is running, what came out."""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import database
import host
from figures import Figures
from solod import Solod
from worker import Peer, Worker


@dataclass
class Size:
    """How much is done."""

    rounds: int
    count: int  # measurements of one peer in a round
    history: tuple  # rows of ended sessions
    live: tuple  # sessions that are not ended
    logins: int  # of them led by a process, at a start-up
    leases: int  # opened to weigh one
    listed: int
    utmp: tuple
    sockets: int  # of others, on the machine
    long_pause: int  # microseconds

    def few(self, divisor):
        return max(2, self.count // divisor)


SHORT = Size(rounds=2, count=4, history=(0, 1000), live=(0, 100), logins=50, leases=200, listed=300, utmp=(10, 100), sockets=100,
             long_pause=1000)


def full(history):
    return Size(rounds=11, count=200, history=tuple(sorted({0, 1_000_000, history})), live=(0, 10_000, 1_000_000), logins=10_000,
                leases=100_000, listed=100_000, utmp=(10, 1000, 100_000), sockets=16_000, long_pause=1_200_000)


@dataclass
class Scene:
    build: Path
    directory: Path
    size: Size
    accounts: list
    figures: dict = field(default_factory=dict)  # by name
    notes: list = field(default_factory=list)
    running: list = field(default_factory=list)

    def program(self, name):
        return self.build / "tests/bench" / name

    @property
    def module(self):
        return self.build / "pam_module/pam_solo.so"

    @property
    def soloctl(self):
        return self.build / "ctl/soloctl"

    def new_solod(self, name, settings=""):
        return Solod(self.build / "daemon/solod", self.directory / name, settings)

    def filled_solod(self, name, settings="", **rows):
        """A solod, started, with so many rows in its database. The next one of the same rows begins with a copy."""
        solod = self.new_solod(name, settings)
        pristine = self.directory / ("-".join(f"{kind}-{count}" for kind, count in rows.items()) + ".db")
        if pristine.exists():
            solod.state.mkdir()
            shutil.copyfile(pristine, solod.database)
        elif any(rows.values()):
            database.fill(solod, **rows)
            shutil.copyfile(solod.database, pristine)
        self.start(solod)
        return solod

    def start(self, solod):
        seconds = solod.start()
        self.running.append(solod)
        return seconds

    def stop(self, solod):
        self.running.remove(solod)
        solod.stop()

    def spawn(self, *command, **options):
        process = subprocess.Popen([str(word) for word in command], **options)
        self.running.append(Spawned(process))
        return process

    def server(self, socket, *command):
        """Started, and its socket is there, which is its last argument."""
        socket.unlink(missing_ok=True)  # of one that ended
        process = self.spawn(*command, socket)
        while not socket.exists():
            if process.poll() is not None:
                raise RuntimeError(f"{command[-1]} ended before it had a socket")
        return process

    def echo_daemon(self):
        """Of solod's shape; its socket, and a PAM service that asks it."""
        socket = self.directory / "echo.sock"
        self.server(socket, *host.as_service(self.program("echo_daemon")))
        return socket, self.pam_service("bench-echo", socket)

    def pam_service(self, name, socket):
        return host.add_service(name, f"required {self.module} socket={socket}")

    def worker(self, program, *arguments, prefix=()):
        worker = Worker(*prefix, self.program(program), *arguments)
        self.running.append(worker)
        return worker

    def peer(self, program, *arguments, count=None, prefix=()):
        return Peer(self.worker(program, *arguments, prefix=prefix).round, count or self.size.count)

    def opener(self, solod, account, outcome="grant"):
        """The module's part of logins, without libpam."""
        return self.peer("open_client", *self.open_arguments(solod, account, outcome))

    def open_arguments(self, solod, account, outcome="grant"):
        return solod.login_socket, account, host.FIRST_UID + self.accounts.index(account), outcome

    def rushing_peer(self, program, *arguments):
        return Peer(self.worker(program, *arguments).rush, self.size.count)

    def hold(self, solod, account):
        """A lease takes the account's slot."""
        subprocess.run([self.soloctl, "--socket", solod.sessions_socket, "open", "--account", account, "--service",
                        "bench", "--ttl", "86400"], check=True, stdout=subprocess.DEVNULL)

    def keep(self, results):
        self.figures.update(results)

    def keep_one(self, name, value):
        self.figures[name] = Figures.one(value)

    def end(self):
        for thing in reversed(self.running):
            thing.stop()
        self.running.clear()

    def save(self, path):
        path.write_text(json.dumps({name: figures.rounds for name, figures in self.figures.items()}))


class Spawned:
    def __init__(self, process):
        self.process = process

    def stop(self):
        self.process.kill()
        self.process.wait()
