"""How a report of checks looks: a table in notebooks, feedback and formgrader, and lines of text elsewhere.

What stands in a report may have been written by anybody: everything is escaped, cut to a bounded length, and kept from terminals and from math typesetting.
"""

from __future__ import annotations

import html
import sys
import textwrap
import unicodedata
from typing import Any

from tunelab.checks import CheckReport, TestResult

MAX_MESSAGE = 2000
MAX_TRACEBACK = 6000
HINTS = "hints, from a question to nearly the line"

OUTCOMES = {
    "passed": ("✓", "passed", "#2e9e55"),
    "failed": ("✗", "not yet", "#d9480f"),
    "timeout": ("✗", "out of time", "#d9480f"),
    "crashed": ("✗", "stopped", "#d9480f"),
    "error": ("!", "unclear", "#b7791f"),
}

# Line ends, tabs, and what joins the parts of an emoji.
_HARMLESS = "\n\t\u200c\u200d"

_CELL = (
    "padding: 0.35em 0.8em; text-align: left; vertical-align: top; border-bottom: 1px solid rgba(128, 128, 128, 0.35); white-space: normal"
)
# Without this nbgrader's pages show no triangle, and nobody would know that there is more.
_SUMMARY = "cursor: pointer; display: list-item"
# Both names are known to versions of MathJax: what a learner wrote between dollar signs is no formula here.
_NO_MATH = 'class="tex2jax_ignore mathjax_ignore"'


class Unfinished:
    """What `check(...)` gives while something is open: a short line for the learner, and a plain 0.0 for `nbgrader validate`."""

    def __init__(self, report: CheckReport):
        self.report = report

    def __repr__(self) -> str:
        return "0.0"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": f"<p {_NO_MATH}>{inline(_summary(self.report))}</p>"}


def show(report: CheckReport) -> None:
    """Shows a report: as a table in a notebook, as text elsewhere."""
    publish(as_html(report), as_text(report))


def publish(as_page: str, as_plain: str) -> None:
    """Shows something in both forms to a notebook, which picks one, or prints the plain one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(as_plain)
        return
    from IPython.display import publish_display_data

    publish_display_data({"text/html": as_page, "text/plain": as_plain})


# ---------------------------------------------------------------- HTML


def as_html(report: CheckReport) -> str:
    """A report as a piece of a page. It uses inline styles only, no scripts, and words beside every colour; it reads on light and on dark ground."""
    note = f'<p style="margin: 0.4em 0">{inline(_bounded(report.note, MAX_MESSAGE))}</p>' if report.note else ""
    return f'<div {_NO_MATH} style="max-width: 60em; margin: 0.5em 0">{_table(report) if report.results else _heading(report)}{note}{_hints(report.hints)}</div>'


def _heading(report: CheckReport) -> str:
    return f'<p style="margin: 0.4em 0"><strong>{inline(_summary(report))}</strong></p>'


def _table(report: CheckReport) -> str:
    graded = _graded(report)
    columns = ["Check", "Result", *(["Points"] if graded else [])]
    head = "".join(f'<th scope="col" style="{_CELL}; font-weight: 600">{name}</th>' for name in columns)
    rows = "".join(_row(result, graded) for result in report.results)
    caption = f'<caption style="caption-side: top; text-align: left; padding: 0.3em 0; color: inherit; font-weight: 600">{inline(_summary(report))}</caption>'
    return (
        '<table style="border-collapse: collapse; width: 100%; color: inherit; background: transparent; font-size: 1em">'
        f'{caption}<thead><tr style="background: transparent">{head}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(result: TestResult, graded: bool) -> str:
    sign, word, colour = _outcome(result)
    said = inline(_bounded(result.message, MAX_MESSAGE)).replace("\n", "<br>")
    message = f'<div style="margin-top: 0.3em">{said}</div>' if result.message else ""
    cells = [
        f'<th scope="row" style="{_CELL}; font-weight: 400; width: 40%">{inline(_bounded(result.title, MAX_MESSAGE))}</th>',
        f'<td style="{_CELL}; border-left: 5px solid {colour}"><span aria-hidden="true">{sign}</span> {word}'
        f"{message}{_traceback(result.traceback)}</td>",
    ]
    if graded:
        cells.append(f'<td style="{_CELL}; white-space: nowrap">{_points(result)}</td>')
    return f'<tr style="background: transparent">{"".join(cells)}</tr>'


def _traceback(text: str) -> str:
    if not text:
        return ""
    lines = html.escape(clean(_bounded(text, MAX_TRACEBACK)))
    return (
        f'<details style="margin-top: 0.3em"><summary style="{_SUMMARY}">where it happened in your code</summary>'
        f'<pre style="white-space: pre-wrap; overflow-x: auto; color: inherit; background: transparent; border: 0; font-size: 0.9em">{lines}</pre></details>'
    )


def _hints(rungs: tuple[str, ...]) -> str:
    """The ladder of hints, folded: who wants to find it alone first isn't told."""
    if not rungs:
        return ""
    items = "".join(f'<li style="margin-top: 0.3em">{inline(_bounded(rung, MAX_MESSAGE))}</li>' for rung in rungs)
    return (
        f'<details style="margin: 0.4em 0"><summary style="{_SUMMARY}">{HINTS}</summary>'
        f'<ol style="margin: 0.3em 0; padding-left: 2em">{items}</ol></details>'
    )


def inline(text: str) -> str:
    """A text for a page: escaped, with `code` between backticks set as code."""
    parts = html.escape(clean(text)).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


# ---------------------------------------------------------------- text


def as_text(report: CheckReport) -> str:
    """A report as lines of text, readable without colour."""
    lines = [clean(_summary(report))]
    for result in report.results:
        sign, word, _ = _outcome(result)
        points = f" ({_points(result)} points)" if result.points is not None else ""
        lines.append(f"  {sign} {word}: {clean(_bounded(result.title, MAX_MESSAGE))}{points}")
        lines += _indented(result.message, MAX_MESSAGE, wrapped=True)
        lines += _indented(result.traceback, MAX_TRACEBACK, wrapped=False)
    lines += _indented(report.note, MAX_MESSAGE, wrapped=True)
    if report.hints:
        lines.append(f"  {HINTS}:")
        lines += [line for number, rung in enumerate(report.hints, 1) for line in _indented(f"{number}. {rung}", MAX_MESSAGE, wrapped=True)]
    return "\n".join(lines)


def _indented(text: str, most: int, wrapped: bool) -> list[str]:
    lines = clean(_bounded(text, most)).splitlines()
    if wrapped:
        lines = [part for line in lines for part in textwrap.wrap(line, 100, break_long_words=False) or [""]]
    return [f"      {line}" for line in lines]


def clean(text: str) -> str:
    """A text without characters that steer a terminal, turn the reading direction, or can't be written to a file."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c in _HARMLESS or unicodedata.category(c) not in ("Cc", "Cf") else "�" for c in sound)


# ---------------------------------------------------------------- both


def _summary(report: CheckReport) -> str:
    if not report.results:
        return f"{report.exercise}: nothing could be checked."
    passed, total = sum(r.outcome == "passed" for r in report.results), len(report.results)
    if _graded(report):
        earned = sum(r.points or 0 for r in report.results if r.outcome == "passed")
        return f"{report.exercise}: {passed} of {total} checks pass, {earned} of {sum(r.points or 0 for r in report.results)} points."
    return f"{report.exercise}: {f'all {total} checks pass.' if passed == total else f'{passed} of {total} checks pass so far.'}"


def _graded(report: CheckReport) -> bool:
    return any(result.points is not None for result in report.results)


def _points(result: TestResult) -> str:
    worth = result.points or 0
    return f"{worth if result.outcome == 'passed' else 0} of {worth}"


def _outcome(result: TestResult) -> tuple[str, str, str]:
    return OUTCOMES.get(result.outcome, OUTCOMES["error"])


def _bounded(text: str, most: int) -> str:
    """The beginning and the end of a long text: an error's last line says most."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half} characters left out) …\n{text[-half:]}"
