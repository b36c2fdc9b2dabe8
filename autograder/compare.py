"""Two terms side by side: what share of each class earned an exercise's points and passed each test, and whether the difference is more than chance.

The interval of a difference of two shares is Newcombe's, from two Wilson intervals (R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17,
1998, 873-890, method 10); that of a difference of means is Welch's, with the normal distribution's 1.96.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.course import Course
from autograder.results import Store
from autograder.show import shortened, table
from autograder.workplace import Workplace
from tunelab.stats import wilson

Z = 1.96
FEW = 8
"""Below so many submissions on one side, a difference says little."""


class CompareError(ValueError):
    """Two terms that can't be compared, with the reason."""


@dataclass(frozen=True)
class Side:
    """What one term did on a test or exercise: how many submissions, and the mean share of its points."""

    size: int
    share: float


@dataclass(frozen=True)
class Line:
    """A test, an exercise (`test` is empty) or a whole assignment (`exercise` is, too) in both terms; None where a term hasn't got it. `low` and `high` hold the difference, NEW less OLD, with 95% confidence."""

    exercise: str
    test: str
    old: Side | None
    new: Side | None
    low: float = math.nan
    high: float = math.nan

    @property
    def difference(self) -> float:
        return self.new.share - self.old.share if self.old and self.new else math.nan

    @property
    def remark(self) -> str:
        if self.old is None or self.new is None:
            return "only in the new term" if self.new else "only in the old term"
        if min(self.old.size, self.new.size) < FEW:
            return "few submissions"
        return "harder than it was" if self.high < 0 else "easier than it was" if self.low > 0 else ""


@dataclass(frozen=True)
class Compared:
    """An assignment in both terms. `changed` names the exercises whose suite isn't the same: a difference there may be the suite's."""

    assignment: str
    lines: tuple[Line, ...]
    changed: tuple[str, ...]


def compare(old: Workplace, new: Workplace, course: Course, name: str | None = None) -> list[Compared]:
    """The assignments that both terms have grades of. Raises CompareError where there is none."""
    found = []
    for assignment in course.select(name):
        results = written(old, assignment.name), written(new, assignment.name)
        if all(results):
            found.append(_compared(assignment.name, *results))
    if not found:
        raise CompareError(f"{old.root} and {new.root} have no assignment in common that was graded in both. Name two workplaces.")
    return found


def written(workplace: Workplace, assignment: str) -> list[dict[str, Any]]:
    """The results that were last written to a gradebook for an assignment, however long ago and by whatever suite."""
    store, found = Store(workplace.results), []
    for marker in sorted((workplace.results / assignment / "written").glob("*")):
        kept = json.loads(marker.read_text(encoding="utf-8"))
        if result := kept["result"] or store.get(assignment, kept["key"]):
            found.append(result)
    return found


def _compared(assignment: str, old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> Compared:
    shares = _shares(old), _shares(new)
    lines = []
    for key in dict.fromkeys([*shares[1], *shares[0]]):
        a, b = (side.get(key, []) for side in shares)
        low, high = (newcombe(a, b) if key[1] else welch(a, b)) if a and b else (math.nan, math.nan)
        lines.append(Line(*key, *(Side(len(s), statistics.fmean(s)) if s else None for s in (a, b)), low, high))
    suites = [{exercise: digest for result in results for exercise, digest in result.get("suites", {}).items()} for results in (old, new)]
    changed = tuple(exercise for exercise in suites[1] if exercise in suites[0] and suites[0][exercise] != suites[1][exercise])
    return Compared(assignment, tuple(_in_order(lines)), changed)


def _in_order(lines: Sequence[Line]) -> Iterator[Line]:
    """The whole first, then each exercise before its tests."""
    exercises = list(dict.fromkeys(line.exercise for line in lines))
    for exercise in exercises:
        yield from sorted((line for line in lines if line.exercise == exercise), key=lambda line: line.test != "")


def _shares(results: Sequence[dict[str, Any]]) -> dict[tuple[str, str], list[float]]:
    """By exercise and test the shares of the points earned, one for each submission."""
    found: dict[tuple[str, str], list[float]] = {("", ""): []}
    for result in results:
        points = sum(row["points"] for row in result["exercises"])
        found["", ""].append(sum(row["score"] for row in result["exercises"]) / points if points else 0.0)
        for row in result["exercises"]:
            found.setdefault((row["exercise"], ""), []).append(row["score"] / row["points"] if row["points"] else 0.0)
            for test in row["tests"]:
                found.setdefault((row["exercise"], test["name"]), []).append(float(test["outcome"] == "passed"))
    return found


def newcombe(old: Sequence[float], new: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the difference of two shares of passes, NEW less OLD."""
    (low_p, high_p), (low_q, high_q) = (wilson(int(sum(passes)), len(passes)) for passes in (old, new))
    p, q = statistics.fmean(old), statistics.fmean(new)
    difference = q - p
    return difference - math.hypot(q - low_q, high_p - p), difference + math.hypot(high_q - q, p - low_p)


def welch(old: Sequence[float], new: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the difference of two means, NEW less OLD; not a number where a side has but one."""
    if min(len(old), len(new)) < 2:
        return math.nan, math.nan
    difference = statistics.fmean(new) - statistics.fmean(old)
    half = Z * math.sqrt(statistics.variance(old) / len(old) + statistics.variance(new) / len(new))
    return difference - half, difference + half


# ---------------------------------------------------------------- what is printed


def lines(compared: Sequence[Compared]) -> list[str]:
    """The comparison as text: a table for each assignment."""
    said = []
    for one in compared:
        rows = [
            (
                (line.test and f"  {shortened(line.test, 60)}") or line.exercise or "the whole assignment",
                _share(line.old),
                _share(line.new),
                "" if math.isnan(line.difference) else f"{100 * line.difference:+.0f}",
                "" if math.isnan(line.low) else f"{100 * line.low:+.0f} to {100 * line.high:+.0f}",
                line.remark,
            )
            for line in one.lines
        ]
        sizes = [next((side.size for line in one.lines if (side := getattr(line, which))), 0) for which in ("old", "new")]
        said += [
            f"{one.assignment}: {sizes[0]} submissions then, {sizes[1]} now. Shares of the points, and of those who passed a test, in %.",
            "",
        ]
        said += [table(("", "old", "new", "difference", "95% interval", ""), rows, right=(1, 2, 3, 4)), ""]
        if one.changed:
            said += [f"The suite changed since: {', '.join(one.changed)}. A difference there may be the suite's, not the class's.", ""]
    said += ["Of twenty differences by chance alone, one is outside its interval: look for a reason before you believe a single line."]
    return said


def _share(side: Side | None) -> str:
    return f"{100 * side.share:.0f}" if side else ""
