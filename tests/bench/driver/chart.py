# SPDX-License-Identifier: MIT
"""A bar chart of times as SVG, on a logarithmic scale."""

import math
from html import escape

ROW, LEFT, WIDTH = 26, 360, 920


def chart(rows):
    """`rows`: label, microseconds p50, microseconds p99, whether it is Solo's own."""
    low = 10 ** math.floor(math.log10(min(p50 for _, p50, _, _ in rows)))
    high = 10 ** math.ceil(math.log10(max(p99 for _, _, p99, _ in rows)))
    span = WIDTH - LEFT - 90

    def x(value):
        return LEFT + span * (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))

    height = ROW * len(rows) + 60
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
             'font-size="13">', f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             '<text x="10" y="18">Time to begin a session: p50 (bar) and p99 (line), logarithmic</text>']
    decade = low
    while decade <= high:
        parts.append(f'<line x1="{x(decade):.1f}" y1="30" x2="{x(decade):.1f}" y2="{height - 24}" stroke="#ddd"/>'
                     f'<text x="{x(decade):.1f}" y="{height - 8}" text-anchor="middle" fill="#555">{time(decade)}</text>')
        decade *= 10
    for index, (label, p50, p99, is_own) in enumerate(rows):
        y = 36 + index * ROW
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>'
                     f'<rect x="{LEFT}" y="{y}" width="{x(p50) - LEFT:.1f}" height="18" '
                     f'fill="{"#2b6cb0" if is_own else "#a0aec0"}"/>'
                     f'<line x1="{x(p50):.1f}" y1="{y + 9}" x2="{x(p99):.1f}" y2="{y + 9}" stroke="#333"/>'
                     f'<text x="{x(p99) + 5:.1f}" y="{y + 14}">{time(p50)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def time(microseconds):
    for unit, size in (("s", 1_000_000), ("ms", 1000)):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} µs"
