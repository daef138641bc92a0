"""The parts of an upload over time, as a picture (SVG): for the manual, light and dark."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, TOP, ROW, BAR = 860, 70, 46, 18, 12
# The emulator tells of a part in steps: what comes after so many seconds, or after a break, is another attempt.
PAUSE = 10.0

STYLE = """text { font: 13px system-ui, sans-serif; fill: #1d2733 }
.small { font-size: 11px; fill: #55606d } .down { fill: #e3e7ec } .lost { fill: #e39a8d } .stored { fill: #2f7fb8 }
@media (prefers-color-scheme: dark) { text { fill: #e6ebf0 } .small { fill: #a7b1bc } .down { fill: #333c47 }
.lost { fill: #a55a4d } .stored { fill: #5aa9e0 } }"""


def attempts(samples: list[Any], outages: list[list[float]], part: int) -> list[tuple[float, float, bool]]:
    """From when to when a part was on its way, and whether it was stored in the end."""
    found: list[list[float]] = []
    was_stored = False
    for (before, then), (now, parts) in zip(samples, samples[1:]):
        if part >= len(then) or part >= len(parts) or was_stored:
            continue
        if parts[part][2] > then[part][2]:
            is_same = found and not any(found[-1][1] - 1 <= start <= before for start, *_ in outages)
            if is_same and before - found[-1][1] <= PAUSE:
                found[-1][1] = now
            else:
                found.append([before, now])
        was_stored = parts[part][1] > 0
    return [(start, end, was_stored and at == len(found) - 1) for at, (start, end) in enumerate(found)]


def draw(title: str, run: dict[str, Any]) -> str:
    """Each row a part, darker what was stored and lighter what was lost; behind them when the link was away."""
    samples, end = run["samples"], run["seconds"]
    rows = len(samples[-1][1])
    height = TOP + rows * ROW + 34

    def x(second: float) -> float:
        return round(LEFT + (WIDTH - LEFT - 20) * second / end, 1)

    drawn = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
             f"<style>{STYLE}</style>", f'<text x="{LEFT}" y="18">{escape(title)}</text>',
             f'<text class="small" x="{LEFT}" y="36">blue: sent and stored; red: sent and lost; grey: the link is away</text>']
    for start, back in run["outages"]:
        if start < end:
            width = round(x(min(back, end)) - x(start), 1)
            drawn.append(f'<rect class="down" x="{x(start)}" y="{TOP}" width="{width}" height="{rows * ROW}"/>')
    for part in range(rows):
        top = TOP + part * ROW
        drawn.append(f'<text class="small" x="{LEFT - 8}" y="{top + 11}" text-anchor="end">part {part + 1}</text>')
        for start, until, is_stored in attempts(samples, run["outages"], part):
            width = max(1.0, round(x(min(until, end)) - x(start), 1))
            kind = "stored" if is_stored else "lost"
            drawn.append(f'<rect class="{kind}" x="{x(start)}" y="{top + 2}" width="{width}" height="{BAR}" rx="2"/>')
    step = next(step for step in (10, 30, 60, 120, 300, 600, 3600) if end / step <= 10)
    for second in range(0, int(end) + 1, step):
        drawn.append(f'<text class="small" x="{x(second)}" y="{TOP + rows * ROW + 18}" text-anchor="middle">{second} s</text>')
    return "\n".join([*drawn, "</svg>", ""])
