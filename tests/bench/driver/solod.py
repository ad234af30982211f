# SPDX-License-Identifier: MIT
"""A solod of the bench's own: its directories, its start, its memory."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import host
from worker import Broken


class Solod:
    def __init__(self, program, directory, settings=""):
        self.program = program
        self.directory = Path(directory)
        self.run = self.directory / "run"
        self.state = self.directory / "state"
        self.run.mkdir(parents=True, exist_ok=True)
        self.config = self.directory / "solo.conf"
        self.config.write_text(settings)
        self.process = None
        self.log = None

    @property
    def login_socket(self):
        return self.run / "login.sock"

    @property
    def sessions_socket(self):
        return self.run / "sessions.sock"

    @property
    def database(self):
        return self.state / "sessions.db"

    def start(self, patience=300):
        """Seconds until it answers. Its log goes through a socket to another process, as to the journal."""
        own, theirs = socket.socketpair()
        self.log = subprocess.Popen(["cat"], stdin=own, stdout=open(self.directory / "log", "ab"))
        own.close()
        begin = time.monotonic()
        self.process = subprocess.Popen(
            host.as_service(self.program, "--config", self.config, "--runtime-dir", self.run, "--state-dir", self.state),
            stderr=theirs, env={**os.environ, "JOURNAL_STREAM": "8:1"})
        theirs.close()
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > begin + patience:
                self.process.kill()
                self.process.wait()
                self.log.wait()
                raise Broken("solod does not start: " + (self.directory / "log").read_text())
            time.sleep(0.0005)
        return time.monotonic() - begin

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.login_socket))
                client.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
                return b"solod" in client.recv(4096)
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        if self.process.wait() != 0:
            raise Broken(f"solod ended with status {self.process.returncode}: " + (self.directory / "log").read_text())
        self.log.wait()

    def resident(self):
        return resident(self.process.pid)

    def remove(self):
        shutil.rmtree(self.directory)


def resident(pid, field="VmRSS"):
    """Bytes of memory that a process has; 0 where it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0
