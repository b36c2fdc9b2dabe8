"""What commands print while they work and when they are done: aligned tables and a line of progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> str:
    """Rows under their headers, each column as wide as its widest cell; the columns in `right` (from 0) are flushed right."""
    lines = [tuple(headers), *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]

    def laid_out(line: Sequence[str]) -> str:
        cells = [cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in enumerate(zip(line, widths, strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join([laid_out(lines[0]), "  ".join("-" * width for width in widths), *map(laid_out, lines[1:])])


def shortened(text: str, length: int) -> str:
    """A text on one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


class Progress:
    """Tells how far a long job is: on one line that is written over on a terminal, elsewhere a line every ten seconds and one at the end of each stage."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        finished = done == total
        if not (self.live or finished or time.monotonic() - self.last > 10):
            return
        self.last = time.monotonic()
        end = "\n" if finished or not self.live else ""
        print(f"{chr(13) * self.live}  {what}: {done} of {total}{' ' * 12 * self.live}", end=end, file=sys.stderr, flush=True)
