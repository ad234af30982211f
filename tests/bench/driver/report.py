# SPDX-License-Identifier: MIT
"""docs/benchmarks.md between its markers, docs/benchmarks.svg, and the same as text."""

from chart import chart, time

BEGIN, END = "<!-- figures: begin (written by make bench) -->", "<!-- figures: end -->"

# Figures that are no times.
RATES = "rate "
SIZES = ("rss ", "bytes ", "list solod growth")

TITLES = {
    "raw": "raw Unix socket: connect, request, reply, close",
    "echo": "echo daemon of solod's shape",
    "libpam echo": "echo daemon of solod's shape, asked by pam_solo",
    "refusal": "solod: refusal",
    "libpam refusal": "pam_solo: refusal",
    "libpam supersede": "pam_solo: supersede a session that leaves at once",
    "killed": "pam_solo: leader killed until a login is granted",
    "pam_exec who": "pam_exec with a who script",
    "calm": "solod: login, beside nothing", "flooded": "solod: login while sessions.sock is flooded",
    "quiet": "solod: login, nobody lists or watches", "busy": "solod: login with List, Watch, eviction, checkpoints",
    "dlopen": "loading pam_solo.so in a fresh process", "dlopen null": "loading a C module that does nothing",
    "start": "start-up",
}


CIRCUMSTANCES = {"rush": "back to back", "apart": "each on a processor of its own", "rare": "more than a second apart"}


def title(name):
    if name in TITLES:
        return TITLES[name]
    kind, _, rest = name.partition(" ")
    if kind in CIRCUMSTANCES:
        return f"{title(rest)}, {CIRCUMSTANCES[kind]}"
    what, _, count = rest.partition(" ")
    count = f"{int(count):,}" if count.isdigit() else count
    rows = {"history": "rows of history", "live": "live sessions", "sockets": "other Unix sockets"}.get(what)
    if kind in ("open", "libpam") and rows:
        return f"{'solod' if kind == 'open' else 'pam_solo'}: open, {count} {rows}"
    if kind == "pam_limits":
        return f"pam_limits maxlogins, {int(rest):,} utmp records"
    return name


def is_time(name):
    return not name.startswith((RATES, *SIZES)) and not name.endswith((" memory", " lines"))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def ratio_rows(targets):
    return table(["what", "measured", "to be reached", "reached"], [target.cells() for target in targets])


def time_rows(figures):
    rows = [[title(name), *(time(value) for value in (one.p50, one.p99, one.least, one.most)), str(len(one.all))]
            for name, one in figures.items() if is_time(name)]
    return table(["what", "p50", "p99", "min", "max", "measurements"], rows)


def amount(name, value):
    if name.startswith(SIZES[1:2]):
        return f"{value:.0f} B"
    if name.startswith(RATES):
        return f"{value:,.0f}/s"
    return f"{value:,.0f}" if name.endswith(" lines") else f"{value / 1e6:.1f} MB"


def other_rows(figures):
    return table(["what", "p50"], [[name, amount(name, one.p50)] for name, one in figures.items() if not is_time(name)])


def chart_of(figures):
    names = [name for name in figures if name.startswith(("raw", "echo", "open ", "libpam ", "pam_", "refusal"))]
    return chart([(title(name), figures[name].p50, figures[name].p99, title(name).startswith(("solod", "pam_solo")))
                  for name in names])


def text(scene, targets, machine):
    parts = [*(f"- {line}" for line in machine), "", *ratio_rows(targets), "", *time_rows(scene.figures), "",
             *other_rows(scene.figures), "", *scene.notes]
    return "\n".join(parts) + "\n"


def write(docs, scene, targets, machine):
    page = docs / "benchmarks.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    body = text(scene, targets, machine)
    page.write_text(f"{before}{BEGIN}\n\n![Time to begin a session](benchmarks.svg)\n\n{body}\n{END}{after}")
    (docs / "benchmarks.svg").write_text(chart_of(scene.figures))
