# SPDX-License-Identifier: MIT
"""What a login program gets from libpam, by what pam_solo returns and by the control flag on its line.

Each cell is a login of the login program of these tests, by a service of its own in /etc/pam.d."""

import collections
import concurrent.futures
import os
import pathlib
import subprocess

PROGRAM = os.environ.get("SOLO_TEST_PROGRAMS", "") + "/login"
CONTROLS = ["requisite", "required", "sufficient", "optional", "[success=ok default=die]", "[default=ignore]"]
FREE, HELD = "flags", "flagsheld"  # HELD is logged in already: see run
IGNORED = "atd"  # in the default IgnoreServices, and used by nothing here

Return = collections.namedtuple("Return", "name phase account arguments service", defaults=["", ""])
RETURNS = [
    Return("granted", "before", FREE),
    Return("refused", "before", HELD),
    Return("in IgnoreServices", "before", HELD, service=IGNORED),
    Return("solod down, `on_unavailable=deny`", "down", FREE),
    Return("solod down, `on_unavailable=allow`", "down", FREE, "on_unavailable=allow"),
    Return("solod down, root", "down", "root"),
]

# After ours: one that says that it runs and has no other part in what comes out, and one that decides.
LATER = "[default=ignore] pam_echo.so later"
Stack = collections.namedtuple("Stack", "name phase decider")
STACKS = [
    Stack("Account phase, then a module that lets everyone in", "account", "required pam_permit.so"),
    Stack("Account phase, then a module that refuses (`PAM_ACCT_EXPIRED`)", "account",
          "required pam_debug.so acct=acct_expired"),
    Stack("Session phase, then a module that lets everyone in", "session", "required pam_permit.so"),
]

# A line for each code. The control jumps to that of the code which the module returned; those below it are said as well.
CODES = ["PAM_SUCCESS", "PAM_IGNORE", "PAM_PERM_DENIED", "another code"]
CODE_CONTROL = "[success=ignore ignore=1 perm_denied=2 default=3]"

BEGINNING = """## By control flag

What libpam makes of each thing that pam_solo can return, by the control flag on its line. *in*: the stack returns
`PAM_SUCCESS`, and the test's login program lets the person in; *out*: the stack returns the code that is said. *rest
skipped*: no module below pam_solo is run; else all are. **Bold**: not what `requisite` does.
"""

ENDING = """`requisite` is the one to use: it lets nobody in whom solod refuses, runs nothing below for them (so that pam_systemd begins
no session), and takes no decision away from the modules below. `required` runs them for a refused login too, `sufficient`
skips them for a granted one, so that an expired account gets in and a session has no logind; `sufficient`, `optional` and
`[default=ignore]` let in who is refused, and `[success=ok default=die]` keeps out who is none of solod's business.
"""


def log_in(service, returned, phase, lines):
    """Whether the login gets in, what its phase returned, and what was said."""
    other = "session" if phase == "account" else "account"
    pathlib.Path(f"/etc/pam.d/{service}").write_text(
        "".join(f"{phase} {line}\n" for line in lines) + f"{other} required pam_permit.so\n", "ascii")
    done = subprocess.run([PROGRAM, "--service", service, "--account", returned.account], stdout=subprocess.PIPE,
                          text=True, timeout=60)
    said = done.stdout.splitlines()
    word = "open " if phase == "session" else "account "
    code = next(line.removeprefix(word) for line in said if line.startswith(word))
    if (code == "PAM_SUCCESS") != (done.returncode == 0):
        raise ValueError(f"{code}, but exit status {done.returncode}")
    return code, [line.removeprefix("says: ") for line in said if line.startswith("says: ")]


def code_of(service, returned, phase):
    """What pam_solo itself returns there."""
    names = [f"[default=ignore] pam_echo.so {code}" for code in CODES]
    _, said = log_in(service, returned, phase,
                     [f"{CODE_CONTROL} pam_solo.so {returned.arguments}", *names, "required pam_permit.so"])
    return f"`{next(line for line in said if line in CODES)}`"


def outcome(service, returned, stack, control):
    code, said = log_in(service, returned, stack.phase,
                        [f"{control} pam_solo.so {returned.arguments}", LATER, stack.decider])
    where = "in" if code == "PAM_SUCCESS" else f"out (`{code}`)"
    return where if "later" in said else where + ", rest skipped"


def row(number, returned, stack):
    # Where solod does not run, all rows are played at once; no two of them may share a file.
    service = returned.service or f"flags-{number}"
    return [code_of(service, returned, stack.phase)] + [outcome(service, returned, stack, control) for control in CONTROLS]


def key(returned, stack):
    return f"{stack.name}|{returned.name}"


def play(phase, results):
    """Where solod runs, one after the other: FREE has one slot."""
    rows = [(returned, stack) for stack in STACKS for returned in RETURNS if returned.phase == phase]
    with concurrent.futures.ThreadPoolExecutor(1 if phase == "before" else len(rows) + 1) as pool:
        played = {pool.submit(row, number, *which): which for number, which in enumerate(rows)}
        for future, which in played.items():
            error = future.exception()  # a row that cannot be played is a row that differs
            results[key(*which)] = [f"{type(error).__name__}: {error}"] if error else future.result()


def section(results):
    lines = [BEGINNING]
    for stack in STACKS:
        lines += [f"### {stack.name}", ""]
        lines.append("| what happens | pam_solo returns | " + " | ".join(f"`{control}`" for control in CONTROLS) + " |")
        lines.append("|" + "---|" * (len(CONTROLS) + 2))
        for returned in RETURNS:
            code, *cells = results[key(returned, stack)]
            cells = [cell if cell == cells[0] else f"**{cell}**" for cell in cells]
            lines.append("| " + " | ".join([returned.name, code] + cells) + " |")
        lines.append("")
    return lines + [ENDING]
