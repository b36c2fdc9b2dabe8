"""Plots for everyone: a title, units on both axes, intervals where there is noise, and words that say what the picture shows.

Colours are Okabe and Ito's, which colour-blind readers tell apart, and each comes with a marker and a hatch of its own, so colour is never the only sign.
"""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
HATCHES = ("", "//", "..", "\\\\", "xx", "oo", "++")

Interval = tuple[float, float]


def axes(title: str, x: str, y: str, size: tuple[float, float] = (6.5, 4.0)) -> Axes:
    """Empty axes with a title and, for both directions, what is shown and in which unit: `axes("…", x="time (s)", y="loss (nats per token)")`."""
    from matplotlib.figure import Figure

    return label(Figure(figsize=size, layout="constrained").subplots(), title, x, y)


def label(panel: Axes, title: str, x: str, y: str) -> Axes:
    """Gives axes their title, units and a light grid."""
    panel.set(title=title, xlabel=x, ylabel=y)
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)
    return panel


def line(panel: Axes, x: Sequence[float], y: Sequence[float], name: str, intervals: Sequence[Interval] | None = None) -> None:
    """Points joined by a line, each with its interval (low, high) when there is one."""
    number = len(panel.containers) % len(COLOURS)
    errors = _errors(y, intervals)
    panel.errorbar(x, y, yerr=errors, label=name, color=COLOURS[number], marker=MARKERS[number], capsize=3, linewidth=1.5)
    panel.legend(frameon=False)


def bars(panel: Axes, names: Sequence[str], values: Sequence[float], intervals: Sequence[Interval] | None = None) -> None:
    """One horizontal bar for each name, from the top down, with its interval and its value in digits."""
    numbers = range(len(names))
    drawn = panel.barh(numbers, values, xerr=_errors(values, intervals), capsize=3, color=COLOURS[0], alpha=0.85, height=0.6)
    for number, bar in enumerate(drawn):
        bar.set(color=COLOURS[number % len(COLOURS)], hatch=HATCHES[number % len(HATCHES)], edgecolor="white")
    ends = [high for _, high in intervals] if intervals else values
    for number, (value, end) in enumerate(zip(values, ends, strict=True)):
        panel.annotate(digits(value), (end, number), xytext=(6, 0), textcoords="offset points", va="center")
    panel.set_yticks(numbers, names)
    panel.invert_yaxis()
    panel.margins(x=0.15)


def digits(value: float) -> str:
    """A value as it stands beside its bar: three digits that count, and large numbers written out."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def show(figure: Figure | Axes, alt: str) -> None:
    """Shows a figure in the notebook with `alt`, the sentences that say what is to be seen in it. Outside a notebook it prints them.

    Raises ValueError when there are none.
    """
    if not alt.strip():
        raise ValueError("show(figure, alt): say in a sentence or two what the figure shows, for readers who can't see it.")
    figure = getattr(figure, "figure", figure)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=144, facecolor="white", metadata={"Software": None})
    width = round(figure.get_size_inches()[0] * 96)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)  # else the notebook shows it once more, without words
    data = base64.b64encode(picture.getvalue()).decode()
    image = f'<img alt="{html.escape(alt)}" width="{width}" style="max-width: 100%" src="data:image/png;base64,{data}">'
    from tunelab.display import publish

    publish(image, alt)


def _errors(values: Sequence[float], intervals: Sequence[Interval] | None) -> list[list[float]] | None:
    if intervals is None:
        return None
    pairs = list(zip(values, intervals, strict=True))
    return [[max(0.0, value - low) for value, (low, _) in pairs], [max(0.0, high - value) for value, (_, high) in pairs]]
