# SPDX-License-Identifier: MIT
"""A program of the bench that takes orders (rounds.hpp), and rounds of several of them in turn."""

import os
import subprocess

from figures import Figures


PAUSE = 1000  # microseconds


class Broken(Exception):
    """A program that was measured did not do what it should."""


class Worker:
    def __init__(self, *command):
        self.name = " ".join(str(word) for word in command)
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, count, pause=0):
        try:
            self.process.stdin.write(f"{count} {pause}\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Broken(f"{self.name}: it is gone") from error

    def finish(self):
        """Microseconds, as many as were asked for."""
        line = self.process.stdout.readline()
        if not line:
            raise Broken(f"{self.name}: it ended with status {self.process.wait()}")
        return [int(nanoseconds) / 1000 for nanoseconds in line.split()]

    def round(self, count, pause=PAUSE):
        """Each after a pause, as logins come: whoever serves them has finished with the one before, and sleeps."""
        self.begin(count, pause)
        return self.finish()

    def rush(self, count):
        """Each at once after the one before."""
        self.begin(count)
        return self.finish()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Peer:
    """Something to be measured beside others: `round` is called with the number of measurements to make."""

    def __init__(self, round_of, count):
        self.round_of = round_of
        self.count = count


def interleave(peers, rounds):
    """Figures by name. Each round has each peer once, so that what disturbs the machine disturbs all alike; each begins
    at another one."""
    os.sync()  # what was made for the measurements: its way to the disk is not to be measured
    names = list(peers)
    results = {name: [] for name in names}
    for peer in peers.values():
        peer.round_of(min(peer.count, 20))  # warm
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            results[name].append(peers[name].round_of(peers[name].count))
    return {name: Figures(values) for name, values in results.items()}
