# SPDX-License-Identifier: MIT
"""What the figures were measured on."""

import os
import platform
import sqlite3
import subprocess
from pathlib import Path


def field(path, name):
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def describe(directory):
    """Lines of text; `directory` is where the databases were."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    memory = int(field("/proc/meminfo", "MemTotal").split()[0]) // 1024 // 1024
    return [
        f"{os.cpu_count()} CPUs: {field('/proc/cpuinfo', 'model name')}, virtual: {output_of('systemd-detect-virt') or 'no'}",
        f"{memory} GB of memory; databases on {output_of('stat', '-f', '-c', '%T', str(directory))}",
        f"{system}, Linux {platform.release()}, SQLite {sqlite3.sqlite_version}",
        f"load when it began: {os.getloadavg()[0]:.1f} (everything above 0 disturbs)",
    ]
