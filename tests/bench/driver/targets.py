# SPDX-License-Identifier: MIT
"""The ratios that Solo wants to reach, and what they are made of."""

from dataclasses import dataclass

from figures import ratio

COUNT = 13  # how many targets there are at least


@dataclass
class Target:
    label: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_reached(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def cells(self):
        word = "at least" if self.at_least else "at most"
        return [self.label, f"{self.value:.3g}{self.unit}", f"{word} {self.limit:g}{self.unit}",
                "yes" if self.is_reached else "**no**"]


def targets_of(figures, size):
    """Those whose figures are there."""
    big, most, live = size.history[1], size.history[-1], size.live[-1]

    def compare(one, other, percent=50):
        return ratio(figures[one], figures[other], percent)

    def of(name):
        return figures[name].p50

    recipes = [
        (f"open through the daemon ÷ raw Unix-socket connect + request + reply + close, p50, {big:,} history rows",
         lambda: compare(f"open history {big}", "raw"), 3.5),
        ("the same, each on a processor of its own, as where this number comes from",
         lambda: compare(f"apart open history {big}", "apart raw"), 3.5),
        (f"open through libpam ÷ pam_limits with {size.utmp[1]:,} utmp records, p50",
         lambda: compare(f"libpam history {big}", f"pam_limits {size.utmp[1]}"), 0.05),
        (f"open at {most:,} history rows ÷ empty", lambda: compare(f"open history {most}", "open history 0"), 1.5),
        (f"open at {live:,} live sessions ÷ empty", lambda: compare(f"open live {live}", "open history 0"), 1.5),
        ("refusal ÷ grant", lambda: compare("refusal", "open history 0"), 1.0),
        ("module dlopen in a fresh process ÷ a C module that does nothing", lambda: compare("dlopen", "dlopen null"), 1.5),
        ("root login p99 while an unprivileged user floods sessions.sock ÷ without",
         lambda: compare("flooded", "calm", 99), 1.5),
        ("login p99 with List, Watch, eviction and checkpoints running ÷ without",
         lambda: compare("busy", "quiet", 99), 1.5),
        ("idle solod's memory ÷ an idle Asio + SQLite program's", lambda: of("rss solod") / of("rss idle program"), 2.0),
    ]
    absolute = [
        ("bytes of memory per live session", lambda: of("bytes a session"), 400, " B"),
        ("leader killed → slot free", lambda: of("killed") / 1000, 50, " ms"),
        (f"start-up with {size.logins:,} live sessions", lambda: of("start") / 1e6, 1, " s"),
    ]
    found = [(label, value, limit, "", False) for label, value, limit in recipes]
    found.append(("logins/s with 16 processes ÷ an echo daemon of the same shape",
                  lambda: compare("rate libpam solod 16", "rate libpam echo 16"), 0.8, "", True))
    found += [(label, value, limit, unit, False) for label, value, limit, unit in absolute]
    targets = []
    for label, value, limit, unit, at_least in found:
        try:
            targets.append(Target(label, value(), limit, unit, at_least))
        except KeyError:
            pass  # its part was not run
    return targets
