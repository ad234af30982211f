# SPDX-License-Identifier: MIT
"""What solod does while it is killed, or while its system calls fail."""

import signal
import time

from login import Login
from solod import Solod
from waiting import is_idle, wait_until

CONFIG = "[Policy]\nGraceTime=300ms\nContestLimit=10000\nOnConflict="


class Scenario:
    """One of them, in a directory of its own. A subclass says how it begins, what is done, and when that is over."""

    on_conflict = "supersede"
    is_traced_from_start = False
    is_timed = False  # it is over when its time has come
    is_stopped = False  # solod is to exit

    def __init__(self, directory):
        self.directory = directory
        self.solod = Solod(directory, CONFIG + self.on_conflict + "\n")
        self.logins = []
        self.was_blind = False  # its database could not be read for long when solod was started
        self.prepare()

    def login(self, *options, **who):
        self.logins.append(Login(self.directory, *options, **who))
        return self.logins[-1]

    def logged_in(self, *options, **who):
        """A login whose session is on record as active."""
        login = self.login(*options, **who).go().await_grant()
        assert wait_until(10, lambda: self.state_of(login) == "active")
        wait_until(2, lambda: is_idle(self.solod.process.pid))
        return login

    def pids(self):
        """Of its login programs."""
        return {login.pid for login in self.logins}

    def state_of(self, login):
        """Of its session, on record."""
        return ((self.solod.records() or {}).get(login.id) or {}).get("state")

    def prepare(self):
        self.solod.start()
        self.begin()

    def begin(self):
        """What is there before."""

    def act(self):
        """What is traced; returns at once."""

    def is_over(self):
        """What act() has begun has come to its end."""
        return True

    def close(self):
        for login in self.logins:
            login.kill()
        self.solod.close()


class Open(Scenario):
    """A login finds a free slot."""

    def begin(self):
        self.new = self.login()

    def act(self):
        self.new.go()

    def is_over(self):
        return self.new.is_decided() and self.state_of(self.new) in (None, "active", "ended")


class Supersede(Open):
    """A login ends the session that holds its slot."""

    def begin(self):
        self.logged_in()
        super().begin()


class SupersedeDeaf(Open):
    """The same, and the holder does not go by itself."""

    def begin(self):
        self.logged_in("--deaf")
        super().begin()


class Refuse(Open):
    """A login finds no slot."""

    on_conflict = "refuse"

    def begin(self):
        self.logged_in()
        self.new = self.login("--no-account")


class Close(Scenario):
    """A session is closed by its login program."""

    def begin(self):
        self.old = self.logged_in()

    def act(self):
        self.old.leave()

    def is_over(self):
        return not self.old.is_alive()


class Exit(Close):
    """A login program is killed."""

    def act(self):
        self.old.kill()

    def is_over(self):
        return self.state_of(self.old) == "ended"


class Checkpoint(Scenario):
    """The write-ahead log is moved into the database, a second after a login."""

    is_timed = True

    def begin(self):
        self.logged_in()
        self.end = time.monotonic() + 1.5

    def is_over(self):
        return time.monotonic() > self.end


class FirstStart(Scenario):
    """solod makes its directories and its database."""

    is_traced_from_start = True

    def prepare(self):
        pass


class Start(FirstStart):
    """solod finds again who is logged in; somebody has logged out, and somebody is being ended."""

    def prepare(self):
        self.solod.start()
        self.stays = self.logged_in()
        gone = self.logged_in(account="bob")
        ending = self.logged_in("--deaf", account="carol")
        self.login(account="carol").go()
        wait_until(10, lambda: self.state_of(ending) == "ending")
        self.solod.kill()
        gone.kill()


class Stop(Scenario):
    """solod is told to stop."""

    is_stopped = True

    def begin(self):
        self.logged_in()

    def act(self):
        self.solod.process.send_signal(signal.SIGTERM)

    def is_over(self):
        return False


SCENARIOS = {
    "open": Open,
    "supersede": Supersede,
    "supersede-deaf": SupersedeDeaf,
    "refuse": Refuse,
    "close": Close,
    "exit": Exit,
    "checkpoint": Checkpoint,
    "stop": Stop,
    "start": Start,
    "first-start": FirstStart,
}
