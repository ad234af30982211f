# SPDX-License-Identifier: MIT
"""bench.py BUILD [--short] [--only PART...] [--history ROWS] [--write DOCS]: see ../run."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import crowd
import footprint
import host
import isolation
import logins
import machine
import report
from scene import SHORT, Scene, full
from targets import COUNT, targets_of
from worker import Broken

PARTS = {"logins": logins, "crowd": crowd, "isolation": isolation, "footprint": footprint}


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("build", type=Path)
    parser.add_argument("--short", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--count", type=int, help="measurements of a peer in a round")
    parser.add_argument("--history", type=int, default=10_000_000, help="rows of the biggest history")
    parser.add_argument("--write", type=Path, metavar="DOCS", help="where benchmarks.md and benchmarks.svg are")
    return parser.parse_args(arguments)


def size_of(options):
    size = SHORT if options.short else full(options.history)
    size.rounds = options.rounds or size.rounds
    size.count = options.count or size.count
    return size


def measure(scene, parts):
    for name in parts:
        begin = time.monotonic()
        PARTS[name].measure(scene)
        print(f"bench: {name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)


def main(arguments):
    options = options_of(arguments)
    host.must_be_private()
    build = options.build.resolve()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=build) as directory:
        scene = Scene(build=build, directory=Path(directory), size=size_of(options), accounts=host.add_accounts(32))
        described = machine.describe(directory)
        try:
            measure(scene, options.only)
        finally:
            scene.end()
    targets = targets_of(scene.figures, scene.size)
    if len(options.only) == len(PARTS) and len(targets) < COUNT:
        raise Broken(f"{COUNT - len(targets)} of the ratios have no figures")
    print(report.text(scene, targets, described), end="")
    if options.write:
        report.write(options.write, scene, targets, described)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Broken as problem:
        sys.exit(f"bench: {problem}")
