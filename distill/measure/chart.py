"""Line charts as small SVG files, without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 400, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 30, 38
COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7c3aed")
MUTED = "#6b7280"


@dataclass(frozen=True)
class Line:
    """One line: points (x, y), or (x, y, low, high) with an interval drawn as a bar; `dashed` without dots."""

    name: str
    points: Sequence[tuple[float, ...]]
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart. `rules` are named horizontal lines: what the lines are to be read beside."""

    title: str
    x_label: str
    lines: Sequence[Line]
    rules: Sequence[tuple[str, float]] = field(default=())


def draw_chart(panels: Sequence[Panel]) -> str:
    """The panels side by side as SVG text on a white ground."""
    parts = [_panel(panel, index * WIDTH) for index, panel in enumerate(panels)]
    width = len(panels) * WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="11">\n<rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(parts) + "\n</svg>\n"
    )


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round values that cover [low, high] in about `count` steps."""
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9) / count))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= count)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def _panel(panel: Panel, offset: int) -> str:
    xs = [point[0] for line in panel.lines for point in line.points]
    ys = [value for line in panel.lines for point in line.points for value in point[1:]] + [value for _, value in panel.rules]
    x_ticks, y_ticks = ticks(min(0.0, *xs), max(xs)), ticks(min(ys), max(ys))
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x_at(value: float) -> str:
        return f"{LEFT + plot_width * (value - x_ticks[0]) / (x_ticks[-1] - x_ticks[0]):.1f}"

    def y_at(value: float) -> str:
        return f"{TOP + plot_height * (1 - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])):.1f}"

    out = [f'<g transform="translate({offset} 0)">', f'<text x="{LEFT}" y="18" font-weight="600">{escape(panel.title)}</text>']
    for value in y_ticks:
        out.append(f'<path d="M{LEFT} {y_at(value)}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y_at(value)}" text-anchor="end" dy="4" fill="{MUTED}">{value:g}</text>')
    for value in x_ticks:
        out.append(f'<text x="{x_at(value)}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle" fill="{MUTED}">{value:g}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end" fill="{MUTED}">{escape(panel.x_label)}</text>')
    for index, (name, value) in enumerate(panel.rules):
        out.append(f'<path d="M{LEFT} {y_at(value)}H{WIDTH - RIGHT}" stroke="{MUTED}" stroke-dasharray="2 3"/>')
        out.append(f'<text x="{LEFT + 4}" y="{y_at(value)}" dy="{12 if index % 2 else -4}" fill="{MUTED}">{escape(name)}</text>')
    for index, line in enumerate(panel.lines):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x_at(point[0])},{y_at(point[1])}" for point in line.points)
        dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>')
        for point in () if line.dashed else line.points:
            out.append(f'<circle cx="{x_at(point[0])}" cy="{y_at(point[1])}" r="2.5" fill="{colour}"/>')
            if len(point) == 4:
                out.append(f'<path d="M{x_at(point[0])} {y_at(point[2])}V{y_at(point[3])}" stroke="{colour}"/>')
        out.append(f'<text x="{WIDTH - RIGHT - 4}" y="{TOP + 12 + 14 * index}" text-anchor="end" fill="{colour}">{escape(line.name)}</text>')
    return "\n".join([*out, "</g>"])
