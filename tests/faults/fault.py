# SPDX-License-Identifier: MIT
"""What is done to a process."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Fault:
    """At one system call of one scenario."""

    scenario: str
    call: str
    number: int
    about: list  # what the call should be about: more than one thing where threads count alike
    nth: int  # of the calls that are about the same
    error: str = ""  # it is killed where this is empty
    for_ever: bool = False
    variant: str = ""

    def __str__(self):
        what = self.error or "killed"
        return (f"{self.scenario}: {self.call} {self.number} ({' or '.join(self.about)}) {what}"
                f"{' for ever' if self.for_ever else ''}{' ' + self.variant if self.variant else ''}")

    def effect(self):
        """As strace says it."""
        if not self.error:
            return "signal=KILL"
        # brk does not say that it has failed, it gives the end that is now (brk(2), C library/kernel differences).
        return "retval=0" if self.call == "brk" else f"error={self.error}"

    def options(self):
        """strace's."""
        return ["-y", "-e", f"trace={self.call}",
                "-e", f"inject={self.call}:{self.effect()}:when={self.number}{'+' if self.for_ever else ''}"]
