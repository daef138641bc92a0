"""Tables for people: words to the left, numbers to the right."""

from __future__ import annotations

from typing import Sequence, Union

Cell = Union[str, int]


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A column is as wide as its widest cell; thousands have a comma."""
    cells = [list(head)] + [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    is_number = [all(isinstance(row[column], int) for row in rows) for column in range(len(head))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for row in cells:
        parts = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, is_number)]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines) + "\n"
