# SPDX-License-Identifier: MIT
"""What was measured, and how two of them compare."""

from statistics import median


def percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Figures:
    """Measurements by round, all of one unit."""

    def __init__(self, rounds):
        self.rounds = [sorted(values) for values in rounds]
        self.all = sorted(value for values in rounds for value in values)

    @classmethod
    def one(cls, value):
        return cls([[value]])

    @property
    def p50(self):
        return median(percentile(values, 50) for values in self.rounds)

    @property
    def p99(self):
        return percentile(self.all, 99)

    @property
    def least(self):
        return self.all[0]

    @property
    def most(self):
        return self.all[-1]


def ratio(one, other, percent=50):
    """The median over the rounds of one's percentile divided by the other's of the same round."""
    return median(percentile(a, percent) / percentile(b, percent) for a, b in zip(one.rounds, other.rounds))
