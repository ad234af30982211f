# SPDX-License-Identifier: MIT
"""A solod in directories of its own, what it says and what it has on record."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess

from waiting import is_idle, wait_until

PROGRAM = "/usr/sbin/solod"


class Solod:
    """Its directories are made anew for each object; its processes come and go."""

    def __init__(self, directory, config):
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory, 0o700)
        self.directory = directory
        self.state = f"{directory}/state"
        self.database = f"{self.state}/sessions.db"
        self.process = None
        with open(f"{directory}/solo.conf", "w", encoding="utf-8") as file:
            file.write(config)
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notifications.bind(f"{directory}/notify")

    def launch(self, prefix=()):
        """Starts a process, under the program that prefix names."""
        while self._notification():
            pass
        command = [*prefix, PROGRAM, "--config", f"{self.directory}/solo.conf",
                   "--runtime-dir", f"{self.directory}/run", "--state-dir", self.state]
        with open(f"{self.directory}/log", "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": f"{self.directory}/notify"})

    def is_ready(self, seconds=10):
        """Waits until it has said READY=1; false where it has exited, or says nothing in time."""
        said = []
        wait_until(seconds, lambda: said.append(self._notification()) or b"READY=1" in said or self.has_exited())
        said.append(self._notification())
        return b"READY=1" in said

    def start(self):
        self.launch()
        assert self.is_ready(), f"solod does not start: {self.log()}"

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def has_exited(self):
        return self.process.poll() is not None

    def log(self):
        with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def sessions(self):
        """Those that live, as solod says: id to state."""
        replies = self._call("List", {}, more=True)
        return {session["id"]: session["state"] for session in (reply.get("session") for reply in replies) if session}

    def problems(self):
        """Of its status; none where that is ok."""
        return self._call("Status", {})[0]["problems"]

    def records(self):
        """All rows of the database, by id, each a dict; None where it cannot be read."""
        try:
            # A path with a nolock or immutable URI would not see the write-ahead log.
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=1) as database:
                database.row_factory = sqlite3.Row
                rows = database.execute("SELECT * FROM session ORDER BY id").fetchall()
            database.close()
        except sqlite3.Error:
            return None
        return {text_of(row["id"]): dict(row) for row in rows}

    def has_settled(self):
        """Whether it has nothing to do and nothing to write: a confirmation is written a moment later."""
        return is_idle(self.process.pid) and all(row["state"] != "opening" for row in (self.records() or {}).values())

    def integrity(self):
        with sqlite3.connect(self.database, timeout=1) as database:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
        database.close()
        return answer

    def close(self):
        self.kill()
        self.notifications.close()

    def _notification(self):
        try:
            return self.notifications.recv(4096)
        except BlockingIOError:
            return b""

    def _call(self, method, parameters, more=False):
        """The parameters of every reply; of an error, too."""
        call = {"method": f"org.pamsolo.Sessions.{method}", "parameters": parameters}
        if more:
            call["more"] = True
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(f"{self.directory}/run/sessions.sock")
            connection.sendall(json.dumps(call).encode() + b"\0")
            received = b""
            replies = []
            while not replies or replies[-1].get("continues"):
                while b"\0" not in received:
                    part = connection.recv(65536)
                    if not part:
                        raise ConnectionError(f"{method}: no answer")
                    received += part
                message, _, received = received.partition(b"\0")
                replies.append(json.loads(message))
        return [reply.get("parameters", {}) for reply in replies]


def text_of(identity):
    """A session's id as people see it."""
    text = identity.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
