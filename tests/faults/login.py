# SPDX-License-Identifier: MIT
"""A login of an account through real PAM, and what it saw."""

import itertools
import os
import signal
import subprocess

from waiting import is_gone, wait_until

PROGRAM = f"{os.environ.get('SOLO_TEST_PROGRAMS', '')}/login"

_numbers = itertools.count(1)


class Login:
    """A process of tests/support/login that waits for go(), logs in, and stays until it is let go."""

    def __init__(self, directory, *options, account="alice", service="solo-faults"):
        self.path = f"{directory}/login-{next(_numbers)}"
        self.is_killed = False
        self.is_leaving = False
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                [PROGRAM, "--wait", "--hold", "--service", service, "--account", account,
                 "--lock", f"{directory}/{account}-alone", *options],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        assert wait_until(10, lambda: "ready" in self.lines()), f"login does not begin: {self.lines()}"

    @property
    def pid(self):
        return self.process.pid

    def lines(self):
        with open(self.path, encoding="utf-8", errors="replace") as output:
            return output.read().splitlines()

    def word_after(self, name):
        """What follows this word at the beginning of a line: the result of a phase, the session's id."""
        return next((line.partition(" ")[2] for line in self.lines() if line.startswith(name + " ")), None)

    @property
    def id(self):
        return self.word_after("id")

    def go(self):
        self.process.send_signal(signal.SIGUSR2)
        return self

    def is_granted(self):
        return self.id is not None

    def is_alive(self):
        return not is_gone(self.pid)

    def is_decided(self):
        """It was granted, or denied, or is no more."""
        results = (self.word_after("account"), self.word_after("open"))
        return self.is_granted() or any(result not in (None, "PAM_SUCCESS") for result in results) or not self.is_alive()

    def is_logged_in(self):
        return self.is_granted() and self.is_alive() and self.word_after("close") is None

    def await_grant(self):
        assert wait_until(10, self.is_granted), f"not granted: {self.lines()}"
        return self

    def leave(self):
        """Has it log out."""
        self.is_leaving = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGUSR1)

    def kill(self):
        """Kills it and waits until it is gone."""
        self.is_killed = self.is_killed or self.process.poll() is None
        self.process.kill()
        self.process.wait()

    def signal_it_died_of(self):
        status = self.process.poll()
        return -status if status is not None and status < 0 else None
